export { backup, restore, type BackupManifest } from './backup.ts';
export { layout, openEmbedded, type EmbeddedPorts, type Layout } from './embedded.ts';
export { startHost, type Host, type HostOptions } from './host.ts';
export { findServices, SERVICES_FOLDER, type ServiceModule } from './services.ts';
export { run } from './run.ts';
