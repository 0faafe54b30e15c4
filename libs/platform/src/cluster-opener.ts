import { localKms } from '@sanwang/event-store';
import { openMongo } from '@sanwang/mongodb';
import { freezeByReading, type RebuildHost } from '@sanwang/read-model';
import { modelsOf, type ClusterConfig } from '@sanwang/service';
import { freezeModel, openModels } from '@sanwang/sqlite';
import { isOwnCopy, openStore } from './cluster.ts';
import { sourcesOf } from './openers.ts';
import type { Opener } from './rebuilding.ts';
import { findServices } from './services.ts';
import { splitModels } from './split-models.ts';

interface ClusterArgs {
  readonly config: Pick<ClusterConfig, 'kurrentdb' | 'mongodb' | 'masterKey'>;
  readonly scratch: string;
  readonly services: string;
}
/** Opens, in a rebuild's worker thread, what it reads and writes of a cluster, by connections of its own. A live model is hashed while its relays are held. */
export const openClusterRebuild = async (args: unknown): Promise<RebuildHost> => {
  const { config, scratch, services } = args as ClusterArgs;
  const found = await findServices(services);
  const mongo = await openMongo(config.mongodb, { kms: localKms(config.masterKey) });
  const log = openStore(config);
  // One store per model may be closed while others are still written: the connection is closed once, at the end.
  const shared = { ...mongo.models, close: async () => undefined };
  const openSplit = () => splitModels(shared, openModels(scratch), isOwnCopy);
  return {
    definitions: found.flatMap(({ definition }) => modelsOf(definition)),
    openStore: openSplit,
    async freeze(definition) {
      if (isOwnCopy(definition)) return freezeModel(scratch, definition);
      return freezeByReading(mongo.models, definition);
    },
    keys: mongo.keys,
    sources: sourcesOf(log, found),
    async close() {
      await log.close();
      await mongo.close();
    },
  };
};
export const clusterOpener = ({ config: { kurrentdb, mongodb, masterKey }, scratch, services }: ClusterArgs): Opener => ({
  module: import.meta.url,
  name: 'openClusterRebuild',
  args: { config: { kurrentdb, mongodb, masterKey }, scratch, services } satisfies ClusterArgs,
});
