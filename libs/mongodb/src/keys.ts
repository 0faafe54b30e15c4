import { randomBytes } from 'node:crypto';
import type { Keys, Kms, SubjectKey } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { Binary } from 'mongodb';
import { MAX_TIME_MS, type Database } from './database.ts';
import { isDuplicate } from './rejecting.ts';

/** A key wrapped by the master key, or the mark that it was destroyed. */
interface StoredKey {
  readonly _id: string;
  readonly id?: string;
  readonly wrapped?: Binary;
  readonly destroyedAt?: string;
}
interface StoredSecret {
  readonly _id: string;
  readonly wrapped: Binary;
}

const KEY_BYTES = 32;
/** Subjects looked up in one request. */
const AT_ONCE = 1_000;

const erased = (subject: string): Rejection =>
  new Rejection('failed-precondition', 'subject-erased', `The personal data of ${subject} was erased for good.`, { facts: { subject } });

/** What the keys need to be found by; can be made again. */
export const prepareKeys = ({ db, guarded }: Database): Promise<unknown> =>
  guarded(() =>
    db
      .collection<StoredKey>('keys')
      .createIndex({ destroyedAt: 1 }, { name: 'destroyed', partialFilterExpression: { destroyedAt: { $exists: true } } }),
  );

/**
 * Subject keys in the collection `keys`, each wrapped by the master key, and secrets in `secrets`. Nothing is remembered: all
 * fields of a command or a batch are one look-up, so a key destroyed anywhere works nowhere from the next one on. `destroy`
 * takes the wrapped key out of its document; copies in the server's journal, oplog and backups stay until those are overwritten,
 * wrapped as they are.
 */
export const openKeys = ({ db, guarded }: Database, kms: Kms): Keys => {
  const keys = db.collection<StoredKey>('keys');
  const secrets = db.collection<StoredSecret>('secrets');

  const find = async (subjects: readonly string[]): Promise<Map<string, SubjectKey | 'destroyed'>> => {
    const found = new Map<string, SubjectKey | 'destroyed'>();
    for (let at = 0; at < subjects.length; at += AT_ONCE) {
      const cursor = keys.find({ _id: { $in: subjects.slice(at, at + AT_ONCE) } }, { maxTimeMS: MAX_TIME_MS, batchSize: AT_ONCE });
      for (const { _id, id, wrapped } of await cursor.toArray()) {
        found.set(_id, id !== undefined && wrapped ? { id, bytes: await kms.unwrap(wrapped.value()) } : 'destroyed');
      }
    }
    return found;
  };

  const make = async (subjects: readonly string[]): Promise<void> => {
    const made = await Promise.all(
      subjects.map(async (subject) => ({
        _id: subject,
        id: randomBytes(9).toString('base64url'),
        wrapped: new Binary(await kms.wrap(randomBytes(KEY_BYTES))),
      })),
    );
    // Whoever loses the race for a first key finds that of the winner.
    await keys.insertMany(made, { ordered: false }).catch((error: unknown) => {
      if (!isDuplicate(error)) throw error;
    });
  };

  return {
    find: (subjects) => guarded(() => find(subjects)),
    ensure: (subjects) =>
      guarded(async () => {
        let found = await find(subjects);
        const refuseErased = (): void => {
          for (const subject of subjects) if (found.get(subject) === 'destroyed') throw erased(subject);
        };
        refuseErased();
        const missing = [...new Set(subjects)].filter((subject) => !found.has(subject));
        if (missing.length > 0) {
          await make(missing);
          found = await find(subjects);
          refuseErased();
        }
        return found as Map<string, SubjectKey>;
      }),
    destroy: (subject) =>
      guarded(async () => {
        const update = { $set: { destroyedAt: new Date().toISOString() }, $unset: { id: true, wrapped: true } } as const;
        try {
          await keys.updateOne({ _id: subject, destroyedAt: { $exists: false } }, update, { upsert: true });
        } catch (error) {
          if (!isDuplicate(error)) throw error;
          // Destroyed already, or made for the first time at this moment.
          await keys.updateOne({ _id: subject, destroyedAt: { $exists: false } }, update);
        }
      }),
    destroyed: () =>
      guarded(async () => {
        const found = keys.find({ destroyedAt: { $exists: true } }, { projection: { _id: 1 }, sort: { _id: 1 }, maxTimeMS: MAX_TIME_MS });
        return (await found.toArray()).map(({ _id }) => _id);
      }),
    secret: (purpose) =>
      guarded(async () => {
        const stored = async (): Promise<Uint8Array | undefined> => {
          const found = await secrets.findOne({ _id: purpose }, { maxTimeMS: MAX_TIME_MS });
          return found ? kms.unwrap(found.wrapped.value()) : undefined;
        };
        const known = await stored();
        if (known) return known;
        const wrapped = new Binary(await kms.wrap(randomBytes(KEY_BYTES)));
        await secrets.insertOne({ _id: purpose, wrapped }).catch((error: unknown) => {
          if (!isDuplicate(error)) throw error;
        });
        return (await stored())!;
      }),
    close: async () => undefined,
  };
};
