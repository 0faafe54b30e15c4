import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointKey, type LogCheckpoint, type SignedCheckpoints } from '../checkpoints.ts';
import { expectRejection, freshContext } from './samples.ts';

export interface CheckpointsUnderTest {
  readonly checkpoints: SignedCheckpoints;
  reopen(): Promise<SignedCheckpoints>;
  close(): Promise<void>;
}

const key = checkpointKey(new Uint8Array(32).fill(7));

/** A checkpoint of `covered` events behind another. */
export const checkpointAfter = (context: string, before: LogCheckpoint | undefined, covered = 2): LogCheckpoint => {
  const events = (before?.events ?? 0) + covered;
  const digest = String(events % 10).repeat(64);
  const marks = digest.slice(0, 8).repeat(covered);
  return key.sign({
    context,
    position: events * 10,
    events,
    digest,
    marks,
    previous: before?.signature ?? '',
    at: '2026-11-23T08:00:00.000Z',
  });
};

/** What every adapter of `SignedCheckpoints` must do. */
export const checkpointsConformance = (name: string, open: () => Promise<CheckpointsUnderTest>): void => {
  describe(`signed checkpoints: ${name}`, { timeout: 60_000 }, () => {
    let subject: CheckpointsUnderTest;
    let store: SignedCheckpoints;
    beforeAll(async () => {
      subject = await open();
      store = subject.checkpoints;
    });
    afterAll(() => subject.close());
    const chain = async (context: string, length: number): Promise<LogCheckpoint[]> => {
      const made: LogCheckpoint[] = [];
      for (let index = 0; index < length; index++) {
        made.push(checkpointAfter(context, made.at(-1)));
        await store.append(made.at(-1)!);
      }
      return made;
    };

    it('has none of a context at first', async () => {
      const context = freshContext();
      expect(await store.last(context)).toBeUndefined();
      expect(await store.read(context, { events: 0, limit: 10 })).toEqual([]);
      expect(await store.contexts()).not.toContain(context);
    });

    it('gives back what was appended, context by context, in order and a few at a time', async () => {
      const [one, other] = [freshContext(), freshContext()];
      const [made] = [await chain(one, 5), await chain(other, 2)];
      expect(await store.last(one)).toEqual(made[4]);
      expect(await store.read(one, { events: 0, limit: 2 })).toEqual(made.slice(0, 2));
      expect(await store.read(one, { events: made[1]!.events, limit: 10 })).toEqual(made.slice(2));
      expect(await store.contexts()).toEqual(expect.arrayContaining([one, other]));
    });

    it('refuses what does not follow the last one, and a second of two that follow it', async () => {
      const context = freshContext();
      const [first, second] = (await chain(context, 2)) as [LogCheckpoint, LogCheckpoint];
      await expectRejection(store.append(checkpointAfter(context, first, 5)), 'conflict', 'checkpoint-moved');
      await expectRejection(store.append(checkpointAfter(context, undefined, 7)), 'conflict', 'checkpoint-moved');
      const rivals = [checkpointAfter(context, second, 3), checkpointAfter(context, second, 4)];
      const outcomes = await Promise.allSettled(rivals.map((rival) => store.append(rival)));
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const won = rivals[outcomes.findIndex(({ status }) => status === 'fulfilled')]!;
      expect(await store.last(context)).toEqual(won);
      expect(await store.read(context, { events: second.events, limit: 10 })).toEqual([won]);
    });

    it('keeps them across a restart', async () => {
      const context = freshContext();
      const made = await chain(context, 3);
      store = await subject.reopen();
      expect(await store.read(context, { events: 0, limit: 10 })).toEqual(made);
    });
  });
};
