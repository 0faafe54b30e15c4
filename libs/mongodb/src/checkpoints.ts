import type { LogCheckpoint, SignedCheckpoints } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { MAX_TIME_MS, type Database } from './database.ts';
import { isDuplicate } from './rejecting.ts';

interface StoredCheckpoint {
  /** Context and signature of the checkpoint before: each is followed by one. */
  readonly _id: string;
  readonly context: string;
  readonly events: number;
  readonly signature: string;
  readonly checkpoint: LogCheckpoint;
}

/** What the checkpoints are found by; can be made again. */
export const prepareCheckpoints = ({ db, guarded }: Database): Promise<unknown> =>
  guarded(() => db.collection('checkpoints').createIndex({ context: 1, events: 1 }, { name: 'context_events' }));

/** Signed checkpoints in the collection `checkpoints`. */
export const openCheckpoints = ({ db, guarded }: Database): SignedCheckpoints => {
  const checkpoints = db.collection<StoredCheckpoint>('checkpoints');
  const read = { maxTimeMS: MAX_TIME_MS };
  const moved = (context: string): Rejection =>
    new Rejection('conflict', 'checkpoint-moved', `Another process has signed a checkpoint of ${context}.`);

  return {
    append: (checkpoint) =>
      guarded(async () => {
        const { context, events, signature, previous } = checkpoint;
        if (previous !== '' && !(await checkpoints.findOne({ context, signature: previous }, read))) throw moved(context);
        const _id = `${context}/${previous}`;
        try {
          await checkpoints.insertOne({ _id, context, events, signature, checkpoint });
        } catch (error) {
          if (!isDuplicate(error)) throw error;
          // It may be this one, acknowledged to nobody.
          if ((await checkpoints.findOne({ _id }, read))?.signature !== signature) throw moved(context);
        }
      }),
    last: (context) => guarded(async () => (await checkpoints.findOne({ context }, { sort: { events: -1 }, ...read }))?.checkpoint),
    read: (context, { events, limit }) =>
      guarded(async () => {
        const found = checkpoints.find({ context, events: { $gt: events } }, { sort: { events: 1 }, limit, ...read });
        return (await found.toArray()).map(({ checkpoint }) => checkpoint);
      }),
    contexts: () =>
      guarded(async () => {
        const groups = checkpoints.aggregate<{ _id: string }>([{ $group: { _id: '$context' } }, { $sort: { _id: 1 } }], read);
        return (await groups.toArray()).map(({ _id }) => _id);
      }),
    close: async () => undefined,
  };
};
