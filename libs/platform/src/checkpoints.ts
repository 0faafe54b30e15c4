import {
  CHECKPOINT_SECRET,
  checkCheckpoints,
  checkpointKey,
  startCheckpointing,
  type CheckpointKey,
  type EventReader,
  type EventStore,
  type Keys,
  type SignedCheckpoints,
} from '@sanwang/event-store';
import type { Finding } from '@sanwang/contracts/operations';
import type { Clock } from '@sanwang/kernel';
import type { Logger } from '@sanwang/telemetry';

/** What signing and checking a deployment's log needs. */
export interface CheckpointParts {
  readonly store: EventStore;
  readonly keys: Pick<Keys, 'secret'>;
  readonly checkpoints: SignedCheckpoints;
}

const keyOf = async ({ keys }: Pick<CheckpointParts, 'keys'>): Promise<CheckpointKey> =>
  checkpointKey(await keys.secret(CHECKPOINT_SECRET));

/** Signs the log of a context until the signal aborts, and then what is left. Each checkpoint goes to the process's log as well. */
export const signUntil = async (
  signal: AbortSignal,
  context: string,
  parts: CheckpointParts & { readonly wall: Clock; readonly logger: Logger },
): Promise<void> => {
  const { logger } = parts;
  let failing = '';
  await startCheckpointing({
    ...parts,
    context,
    key: await keyOf(parts),
    signal,
    onSigned({ position, events, digest, signature, keyId }) {
      failing = '';
      // Kept elsewhere, these lines prove what was cut off together with its checkpoints.
      logger.info({ context, position, events, digest, signature, keyId }, 'the log was signed');
    },
    onError(err) {
      const message = err instanceof Error ? err.message : String(err);
      if (failing !== message) logger.error({ context, err }, 'the log cannot be signed');
      failing = message;
    },
  });
};

/** The log for whoever reads it from its beginning: once it was read to its end, `findings` tells where it is not what was signed. */
export const withCheckpoints = async (
  parts: CheckpointParts,
): Promise<{ readonly log: EventReader; findings(): Promise<readonly Finding[]> }> => {
  const check = await checkCheckpoints(parts.checkpoints, await keyOf(parts));
  let whole = false;
  return {
    log: {
      ...parts.store,
      async *readAll(options) {
        for await (const page of parts.store.readAll(options)) {
          await check.take(page.events);
          yield page;
        }
        whole = true;
      },
    },
    async findings() {
      if (!whole) return [];
      return (await check.end()).map(({ position, message }) => ({ part: 'log', position: String(position), message }));
    },
  };
};
