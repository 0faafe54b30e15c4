/**
 * Which of our packages each layer may depend on. Packages not named here are refused, so a new layer has to be placed.
 * pnpm's strict node_modules then keeps every import to what the manifest declares.
 */
const pure = ['kernel'];
const ports = ['kernel', 'statutory', 'contracts', 'event-store', 'messaging', 'read-model', 'identity', 'rpc', 'telemetry', 'service'];
const adapters = ['sqlite', 'kurrentdb', 'kafka', 'mongodb'];

export const libLayers: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  statutory: [],
  contracts: [],
  'event-store': pure,
  messaging: [...pure, 'event-store'],
  'read-model': [...pure, 'event-store', 'messaging'],
  identity: [...pure, 'statutory', 'event-store', 'messaging', 'read-model'],
  telemetry: [...pure, 'event-store', 'messaging', 'read-model', 'identity', 'rpc'],
  rpc: [...pure, 'identity', 'contracts'],
  service: ports.filter((name) => name !== 'service'),
  sqlite: [...pure, 'event-store', 'messaging', 'read-model'],
  mongodb: [...pure, 'event-store', 'messaging', 'read-model'],
  kurrentdb: [...pure, 'event-store', 'messaging'],
  kafka: [...pure, 'event-store', 'messaging'],
  platform: [...ports, ...adapters],
  testing: ['kernel', 'contracts'],
};

/** Test support that any package may use in its tests. */
const forTests = ['testing'];

export interface Manifest {
  /** `libs/kernel`, `services/patrol`, `tools/cli`. */
  readonly folder: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
}

/** What a manifest may not depend on, as sentences; empty when all is well. */
export const layerFaults = (manifest: Manifest): readonly string[] => {
  const [group, name] = manifest.folder.split('/') as [string, string];
  if (group === 'tools') return [];
  const allowed = group === 'services' ? [...ports, 'platform'] : libLayers[name];
  if (!allowed) return [`${manifest.folder}: a lib that tools/checks/src/layers.ts does not place; say what it may import`];
  const faults: string[] = [];
  for (const dependency of manifest.dependencies) {
    if (!allowed.includes(dependency)) faults.push(`${manifest.folder} must not depend on @sanwang/${dependency}`);
  }
  // Tests of an adapter or a port may stand on the real thing beside it; services' tests stand on the whole platform.
  const allowedInTests = [...allowed, ...forTests, ...(group === 'services' ? [] : [...ports, ...adapters])];
  for (const dependency of manifest.devDependencies) {
    if (!allowedInTests.includes(dependency))
      faults.push(`${manifest.folder} must not depend on @sanwang/${dependency}, not even in tests`);
  }
  return faults;
};
