import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SERVICES_FOLDER } from '@sanwang/platform';
import { temporaryFolder } from './platform.ts';

/** A folder with the deployment's services and the given ones beside them, all by link. */
export const servicesWith = (...folders: readonly string[]): string => {
  const services = join(temporaryFolder(), 'services');
  mkdirSync(services);
  for (const name of readdirSync(SERVICES_FOLDER)) symlinkSync(join(SERVICES_FOLDER, name), join(services, name));
  for (const folder of folders) symlinkSync(folder, join(services, basename(folder)));
  return services;
};
