import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { House, ServiceDefinition } from '@sanwang/service';

/** The folder of the deployment's services, beside `libs/`. */
export const SERVICES_FOLDER = resolve(import.meta.dirname, '..', '..', '..', 'services');

/** A service's module, found by its folder's name: `services/<context>/src/<context>.ts` exporting `<context>`. */
export interface ServiceModule {
  readonly context: string;
  /** For a worker thread, which imports the declarations itself. */
  readonly url: string;
  readonly definition: ServiceDefinition;
}

/** Finds and imports every service. A new service is a new folder: nothing else names it. */
export const findServices = async (folder = SERVICES_FOLDER): Promise<readonly ServiceModule[]> => {
  const found = readdirSync(folder)
    .filter((context) => existsSync(join(folder, context, 'package.json')) && existsSync(join(folder, context, 'src', `${context}.ts`)))
    .sort();
  if (found.length === 0) throw new Error(`no service was found in ${folder}`);
  return Promise.all(
    found.map(async (context) => {
      // A folder may hold links to services that lie elsewhere.
      const url = pathToFileURL(join(realpathSync(join(folder, context)), 'src', `${context}.ts`)).href;
      const exported = (await import(url)) as Record<string, ServiceDefinition | undefined>;
      const definition = exported[context];
      if (!definition) throw new Error(`services/${context}/src/${context}.ts must export the service as \`${context}\``);
      return { context, url, definition };
    }),
  );
};

/** Where all services' attachments are read. */
export const attachmentRoutesOf = (definitions: readonly ServiceDefinition[]): House['attachmentRoutes'] =>
  definitions.flatMap(({ context, attachmentRoutes = [] }) => attachmentRoutes.map((route) => ({ ...route, context })));
