import type { LeaseRecord, LeaseRegister } from '@sanwang/messaging';
import { MAX_TIME_MS, type Database } from './database.ts';
import { isDuplicate } from './rejecting.ts';

interface StoredLease extends LeaseRecord {
  readonly _id: string;
}

/** Leases as one document per name in the collection `leases`. */
export const leaseRegister = ({ db, guarded }: Database): LeaseRegister => {
  const leases = db.collection<StoredLease>('leases');
  return {
    read: (name) =>
      guarded(async () => {
        const found = await leases.findOne({ _id: name }, { maxTimeMS: MAX_TIME_MS });
        if (!found) return undefined;
        const { counter, holder, state } = found;
        return { counter, holder, ...(state !== undefined && { state }) };
      }),
    exchange: (name, counter, record) =>
      guarded(async () => {
        if (counter !== undefined) return (await leases.replaceOne({ _id: name, counter }, { ...record })).matchedCount === 1;
        try {
          await leases.insertOne({ _id: name, ...record });
          return true;
        } catch (error) {
          if (isDuplicate(error)) return false;
          throw error;
        }
      }),
  };
};
