import { fuzzOpenApi } from '@sanwang/rpc/fuzz';
import type { OpenApiDocument } from '@sanwang/rpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { foundCity, people } from './city.ts';
import { live, sayTo } from './lives.ts';
import { hostPlatform, removeFolder, type HostedPlatform } from './platform.ts';
import { faultsFound } from './verified.ts';

let platform: HostedPlatform;
beforeAll(async () => {
  platform = await hostPlatform({ listen: true });
  await foundCity(platform);
  await live({ name: 'known', district: 'north', end: 'order' }, sayTo(platform));
});
afterAll(async () => {
  await platform.host.drain();
  removeFolder(platform.folder);
});

const SEED = Number(process.env['FUZZ_SEED'] ?? 4);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 16);

test(`nothing in a request ends the process or is answered by a fault of the server (seed ${SEED})`, async () => {
  const { http } = platform.host.door!;
  const document = (await (await fetch(`${http}/openapi.json`)).json()) as OpenApiDocument;
  const everyone = [people.bootstrap, people.admin, people.dispatcher, people.registrar, people.operator, people.north[0], people.auditor];
  const tokens = await Promise.all(everyone.map((subject) => platform.host.issuer.issue({ subject, ttlSeconds: 600 })));
  const report = await fuzzOpenApi({
    document,
    base: http,
    tokens: [...tokens, 'not-a-token'],
    seed: SEED,
    runs: RUNS,
    // Long work of its own; the tests of verification, rebuild and backup call it as it should be.
    skip: (operation) => /Start(Rebuild|Verification|Backup)$/.test(operation),
  });
  process.stdout.write(`${report.requests} requests: ${JSON.stringify(report.statuses)}\n`);
  expect(report.failures, `seed ${SEED}`).toEqual([]);
  expect(report.statuses[200]).toBeGreaterThan(10);
  expect((await fetch(`${http}/healthz`)).status).toBe(200);
  expect((await fetch(`${http}/readyz`)).status).toBe(200);
  await platform.settled();
  expect(await faultsFound(platform)).toEqual([]);
});
