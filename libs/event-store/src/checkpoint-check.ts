import {
  DIGEST_START,
  MARK,
  MAX_COVERED,
  nextDigest,
  type CheckpointKey,
  type LogCheckpoint,
  type SignedCheckpoints,
} from './checkpoints.ts';
import { LOG_START, type StoredEvent } from './port.ts';

/** The first place of a context at which log and checkpoints do not agree. */
export interface CheckpointFault {
  readonly context: string;
  readonly position: number;
  readonly message: string;
}

export interface CheckpointCheck {
  /** The events of the log in order, from its first on, of any contexts. */
  take(events: readonly StoredEvent[]): Promise<void>;
  /** Called when the log was read to its end: what was signed and is not there is missing. */
  end(): Promise<readonly CheckpointFault[]>;
}

const READ_AT_ONCE = 100;

/**
 * Compares a log that is being read with what was signed of it: replaced history (also with its chains made anew), removed
 * streams and a cut end are found, per context at the first position that is not as it was.
 */
export const checkCheckpoints = async (checkpoints: SignedCheckpoints, key: Pick<CheckpointKey, 'verify'>): Promise<CheckpointCheck> => {
  const faults: CheckpointFault[] = [];

  const compare = async (context: string) => {
    let digest = DIGEST_START;
    let count = 0;
    let position = LOG_START;
    let done = false;
    let reached: Pick<LogCheckpoint, 'events' | 'signature'> = { events: 0, signature: '' };
    let ahead: LogCheckpoint[] = [];
    let current: LogCheckpoint | undefined;

    const fail = (at: number, message: string): void => {
      faults.push({ context, position: at, message });
      done = true;
    };
    const next = async (): Promise<void> => {
      if (ahead.length === 0) ahead = [...(await checkpoints.read(context, { events: reached.events, limit: READ_AT_ONCE }))];
      current = ahead.shift();
      if (!current) return void (done = true);
      const covered = current.events - reached.events;
      if (!key.verify(current)) fail(current.position, `the checkpoint of ${context} is not signed by this deployment`);
      else if (current.previous !== reached.signature || covered > MAX_COVERED || current.marks.length !== covered * MARK) {
        fail(current.position, `the checkpoint of ${context} does not follow the one before it`);
      }
    };
    await next();
    return {
      async take(event: StoredEvent): Promise<void> {
        if (done || !current) return;
        digest = nextDigest(digest, event);
        const place = (count - reached.events) * MARK;
        count++;
        position = event.position;
        const whole = count === current.events;
        if (current.marks.slice(place, place + MARK) !== digest.slice(0, MARK) || (whole && current.digest !== digest)) {
          return fail(
            position,
            `event ${count} of ${context} is not the one that was signed on ${current.at}: it was replaced, or one before it removed`,
          );
        }
        if (!whole) return;
        reached = current;
        await next();
      },
      end(): void {
        if (done || !current) return;
        const missing = current.events - count;
        fail(
          position + 1,
          `the log ends too early: at least ${missing} events of ${context}, signed on ${current.at}, are missing up to position ${current.position}`,
        );
      },
    };
  };

  const comparing = new Map(
    await Promise.all((await checkpoints.contexts()).map(async (context) => [context, await compare(context)] as const)),
  );
  return {
    async take(events) {
      for (const event of events) await comparing.get(event.stream.slice(0, event.stream.indexOf('.')))?.take(event);
    },
    async end() {
      for (const context of comparing.values()) context.end();
      return faults.toSorted((one, other) => one.position - other.position);
    },
  };
};
