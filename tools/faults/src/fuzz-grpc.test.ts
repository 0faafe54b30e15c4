import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTrial, type Trial } from '@sanwang/platform/trial';
import { loadDescriptors } from '@sanwang/rpc';
import { fuzzGrpc } from '@sanwang/rpc/fuzz-grpc';
import { afterAll, beforeAll, expect, test } from 'vitest';

let trial: Trial;
beforeAll(async () => void (trial = await startTrial({ listen: true, env: { SANWANG_RATE_LIMIT: '0' } })));
afterAll(() => trial.stop());

const SEED = Number(process.env['FUZZ_SEED'] ?? 4);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 16);

test(`nothing in a gRPC call ends the process or is answered by a fault of the server (seed ${SEED})`, { timeout: 120_000 }, async () => {
  const { host } = trial;
  const { http, grpc } = host.door!;
  const tokens = await Promise.all(['bootstrap', 'nobody'].map((subject) => host.issuer.issue({ subject, ttlSeconds: 600 })));
  const report = await fuzzGrpc({
    descriptors: loadDescriptors(readFileSync(fileURLToPath(import.meta.resolve('@sanwang/contracts/desc.binpb')))),
    services: host.endpoints.map((endpoint) => endpoint.service),
    address: grpc,
    tokens,
    seed: SEED,
    runs: RUNS,
    // Long work of its own; the tests of verification, rebuild and backup call it as it should be.
    skip: (method) => /Start(Rebuild|Verification|Backup)$/.test(method),
  });
  process.stdout.write(`${report.calls} calls: ${JSON.stringify(report.statuses)}\n`);
  expect(report.failures, `seed ${SEED}`).toEqual([]);
  expect(report.statuses['OK']).toBeGreaterThan(0);
  expect(report.statuses['INVALID_ARGUMENT']).toBeGreaterThan(10);
  expect((await fetch(`${http}/healthz`)).status).toBe(200);
  expect((await fetch(`${http}/readyz`)).status).toBe(200);
});
