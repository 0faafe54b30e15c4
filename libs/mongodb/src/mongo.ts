import type { Attachments, Keys, Kms, SignedCheckpoints } from '@sanwang/event-store';
import type { Instant } from '@sanwang/kernel';
import { createLeases, type Leases } from '@sanwang/messaging';
import type { ModelStore } from '@sanwang/read-model';
import { openAttachments } from './attachments.ts';
import { openCheckpoints, prepareCheckpoints } from './checkpoints.ts';
import { databaseOf, serverClock } from './database.ts';
import { openKeys, prepareKeys } from './keys.ts';
import { leaseRegister } from './leases.ts';
import { openModels } from './models.ts';

/** What one MongoDB database gives a deployment. */
export interface MongoPorts {
  readonly models: ModelStore;
  readonly keys: Keys;
  readonly attachments: Attachments;
  readonly leases: Leases;
  readonly checkpoints: SignedCheckpoints;
  /** The server's wall clock: who is far off it is not ready. */
  clock(): Promise<Instant>;
  close(): Promise<void>;
}

/**
 * Connects to a database (`mongodb://user:password@h1,h2/name?tls=true&tlsCAFile=…`; the name `sanwang` when it has none) and waits for
 * the first answer. Throws `invalid-argument/mongodb-uri`, and, to be tried again, `unavailable/database-unavailable` where no server
 * answers within seconds, or `unavailable/database-refused` where it refuses credentials, rights or certificates. Later every call
 * finds its way back by itself; each is bounded in time.
 */
export const openMongo = async (uri: string, { kms }: { readonly kms: Kms }): Promise<MongoPorts> => {
  const database = databaseOf(uri);
  try {
    await database.guarded(() => database.client.connect());
    // It needs rights to read and to write, and a server that takes orders.
    await prepareKeys(database);
    await prepareCheckpoints(database);
  } catch (error) {
    await database.client.close();
    throw error;
  }
  const keys = openKeys(database, kms);
  const models = openModels(database);
  return {
    models,
    keys,
    attachments: openAttachments(database, keys),
    leases: createLeases(leaseRegister(database)),
    checkpoints: openCheckpoints(database),
    clock: () => serverClock(database),
    async close() {
      await models.close();
      await database.client.close();
    },
  };
};
