import { published, type EventReader } from '@sanwang/event-store';
import type { LogSources, RebuildHost } from '@sanwang/read-model';
import { modelsOf } from '@sanwang/service';
import { freezeModel, openEventLogReader, openKeyReader, openModels } from '@sanwang/sqlite';
import { layout } from './embedded.ts';
import type { Opener } from './rebuilding.ts';
import { findServices, type ServiceModule } from './services.ts';

/** How a rebuild reads a deployment's log: every context's events by its own catalogue. */
export const sourcesOf = (log: EventReader, found: readonly ServiceModule[]): LogSources => {
  const catalogues = new Map(
    found.flatMap(({ definition }) => (definition.catalogue ? [[definition.context, definition.catalogue] as const] : [])),
  );
  return {
    head: (context) => log.head(`${context}.`),
    read(context, options) {
      const catalogue = catalogues.get(context);
      if (!catalogue) throw new Error(`no service declares the events of ${context}`);
      return published(log, catalogue, { ...options, pageSize: 2_000 });
    },
  };
};

interface EmbeddedArgs {
  readonly folder: string;
  readonly services: string;
}
/** Opens, in a rebuild's worker thread, what it reads of a data folder and the stores it writes its own files in. */
export const openEmbeddedRebuild = async (args: unknown): Promise<RebuildHost> => {
  const { folder, services } = args as EmbeddedArgs;
  const places = layout(folder);
  const found = await findServices(services);
  const log = openEventLogReader(places.log);
  const keys = openKeyReader(places.keys);
  return {
    definitions: found.flatMap(({ definition }) => modelsOf(definition)),
    openStore: () => openModels(places.models),
    freeze: (definition) => freezeModel(places.models, definition),
    keys,
    sources: sourcesOf(log, found),
    async close() {
      await keys.close();
      await log.close();
    },
  };
};
export const embeddedOpener = (args: EmbeddedArgs): Opener => ({ module: import.meta.url, name: 'openEmbeddedRebuild', args });
