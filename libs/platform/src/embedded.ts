import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SignedCheckpoints } from '@sanwang/event-store';
import { soleLeases } from '@sanwang/messaging';
import {
  lockFolder,
  openAttachments,
  openBus,
  openCheckpoints,
  openEventLog,
  openKeys,
  openModels,
  type EventLog,
  type FolderLock,
} from '@sanwang/sqlite';
import { keysWithBackups } from './backup-keys.ts';
import type { Ports } from './ports.ts';

/** Where the parts of an embedded deployment lie below its data folder. */
export const layout = (folder: string) => ({
  folder,
  log: join(folder, 'log.db'),
  keys: join(folder, 'keys.db'),
  checkpoints: join(folder, 'checkpoints.db'),
  bus: join(folder, 'bus.db'),
  models: join(folder, 'models'),
  attachments: join(folder, 'attachments'),
  backups: join(folder, 'backups'),
  /** Where the running platform listens, for the CLI. */
  address: join(folder, 'platform.json'),
});
export type Layout = ReturnType<typeof layout>;

/** The ports of an embedded deployment, open for writing: this process holds the folder's lock. */
export interface EmbeddedPorts extends Ports {
  readonly layout: Layout;
  readonly store: EventLog;
  readonly checkpoints: SignedCheckpoints;
}

/** Opens (or makes) the data folder as its only writer; a second gets `failed-precondition/data-folder-in-use`. */
export const openEmbedded = async (folder: string, durability: 'full' | 'normal' = 'full'): Promise<EmbeddedPorts> => {
  mkdirSync(folder, { recursive: true });
  const places = layout(folder);
  const lock: FolderLock = lockFolder(folder);
  const store = openEventLog(places.log, durability);
  // Destroys a key in the backups of the folder too.
  const keys = await keysWithBackups(openKeys(places.keys), places.backups);
  const checkpoints = openCheckpoints(places.checkpoints);
  const bus = openBus(places.bus);
  const attachments = await openAttachments(places.attachments, keys);
  const models = openModels(places.models);
  return {
    layout: places,
    store,
    keys,
    checkpoints,
    bus,
    attachments,
    models,
    leases: soleLeases(),
    async close() {
      await models.close();
      await bus.close();
      await store.close();
      await checkpoints.close();
      await keys.close();
      lock.release();
    },
  };
};
