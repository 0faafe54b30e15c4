import { setTimeout as sleep } from 'node:timers/promises';
import { Rejection, type Clock } from '@sanwang/kernel';
import {
  DIGEST_START,
  MARK,
  MAX_COVERED,
  nextDigest,
  type CheckpointKey,
  type LogCheckpoint,
  type SignedCheckpoints,
} from './checkpoints.ts';
import { LOG_START, type EventReader, type StoredEvent } from './port.ts';

export interface CheckpointingParts {
  readonly store: Pick<EventReader, 'readAll' | 'head'>;
  readonly checkpoints: SignedCheckpoints;
  readonly key: CheckpointKey;
  /** The wall clock. */
  readonly wall: Clock;
}

/**
 * Signs what the log holds of a context since its last checkpoint. Answers the last one there is now. Throws
 * `data-loss/checkpoint-damaged` rather than going on from a checkpoint that this deployment has not signed.
 */
export const signCheckpoints = async (
  context: string,
  { store, checkpoints, key, wall }: CheckpointingParts,
  signal?: AbortSignal,
): Promise<LogCheckpoint | undefined> => {
  const prefix = `${context}.`;
  let last = await checkpoints.last(context);
  if (last && !key.verify(last)) {
    throw new Rejection('data-loss', 'checkpoint-damaged', `The last checkpoint of ${context} is not signed by this deployment.`, {
      facts: { position: last.position, context },
    });
  }
  const after = last?.position ?? LOG_START;
  if ((await store.head(prefix)) <= after) return last;
  let digest = last?.digest ?? DIGEST_START;
  let covered: StoredEvent[] = [];
  const seal = async (): Promise<void> => {
    const end = covered.at(-1);
    if (!end) return;
    let marks = '';
    for (const event of covered) {
      digest = nextDigest(digest, event);
      marks += digest.slice(0, MARK);
    }
    const events = (last?.events ?? 0) + covered.length;
    const next = key.sign({ context, position: end.position, events, digest, marks, previous: last?.signature ?? '', at: wall.now() });
    await checkpoints.append(next);
    last = next;
    covered = [];
    await new Promise((resolve) => setImmediate(resolve));
  };
  try {
    for await (const { events } of store.readAll({ prefix, after, pageSize: MAX_COVERED })) {
      signal?.throwIfAborted();
      for (const event of events) if (covered.push(event) === MAX_COVERED) await seal();
    }
  } finally {
    // What stands before a damaged record is sound.
    await seal();
  }
  return last;
};

export interface CheckpointingOptions extends CheckpointingParts {
  readonly context: string;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
  /** After each new checkpoint: whoever keeps it elsewhere can prove what was cut off together with its checkpoints. */
  onSigned?(checkpoint: LogCheckpoint): void;
  onError?(error: unknown): void;
}

/**
 * Signs what came of a context every ten seconds, and once more at the end. What is away or damaged is tried again the next
 * time. Resolves after the signal has aborted. One holder per context is enough; a second one only reads in vain.
 */
export const startCheckpointing = async (options: CheckpointingOptions): Promise<void> => {
  const { context, signal, everyMs = 10_000 } = options;
  let signed: string | undefined;
  const round = async (until?: AbortSignal): Promise<void> => {
    try {
      const last = await signCheckpoints(context, options, until);
      if (!last || last.signature === signed) return;
      signed = last.signature;
      options.onSigned?.(last);
    } catch (error) {
      const elsewhere = error instanceof Rejection && error.reason === 'checkpoint-moved';
      if (!until?.aborted && !elsewhere) options.onError?.(error);
    }
  };
  while (!signal.aborted) {
    await round(signal);
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
  await round();
};
