import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { joinDeployFacts } from './deploy-facts.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sanwang-facts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const resources = 'resources:\n  requests: { cpu: 1, memory: 1Gi }\n  limits: { memory: 1Gi, ephemeral-storage: 1Gi }\n';
const service = (name: string, facts?: string): void => {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'package.json'), '{}');
  if (facts !== undefined) writeFileSync(join(folder, name, 'values.yaml'), facts);
};

it('joins the facts of every service under its name', () => {
  service('gateway', `# the door\nreplicas: 2\npublic: true\ncalledBy: []\n${resources}`);
  service('patrol', `replicas: 3\ncalledBy: [gateway]\n${resources}`);
  expect(parse(joinDeployFacts(folder))).toMatchObject({
    gateway: { replicas: 2, public: true },
    patrol: { replicas: 3, calledBy: ['gateway'] },
  });
});

it('tells every fault at once', () => {
  service('gateway', `replicas: none\npublic: true\ncalledBy: []\n${resources}`);
  service('patrol', `replicas: 1\ncalledBy: [gatewai]\n${resources}`);
  service('sampling');
  expect(() => joinDeployFacts(folder)).toThrow(
    /gateway\/values.yaml: replicas[^]*no service gatewai[^]*sampling\/values.yaml is missing[^]*exactly one/,
  );
});
