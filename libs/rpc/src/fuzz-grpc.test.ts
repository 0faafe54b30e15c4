import { expect, test } from 'vitest';
import { fuzzGrpc } from './fuzz-grpc.ts';
import { NotesServiceDefinition, fixtureDescriptors } from './fixture/notes.ts';
import { runPilot, type Pilot } from './fixture/running.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 42);
const fuzz = (pilot: Pilot, runs: number) =>
  fuzzGrpc({
    descriptors: fixtureDescriptors(),
    services: [NotesServiceDefinition],
    address: pilot.address,
    tokens: ['o1', 'stolen'],
    seed: SEED,
    runs,
    // The pilot's Fail answers INTERNAL when asked to.
    skip: (method) => method.endsWith('/Fail'),
  });

test(`no call ends the process or makes it answer INTERNAL or UNKNOWN (seed ${SEED})`, async () => {
  const pilot = await runPilot([], { timeoutMs: 10_000 });
  const report = await fuzz(pilot, 60);
  expect(report.failures).toEqual([]);
  expect(report.statuses['OK']).toBeGreaterThan(10);
  expect(report.statuses['INVALID_ARGUMENT']).toBeGreaterThan(10);
  await expect(pilot.grpcClient.listNotes({ tag: [] })).resolves.toMatchObject({ items: expect.any(Array) });
  await pilot.close();
});

test('finds a handler that fails', async () => {
  const pilot = await runPilot([
    (next) => (invocation) => (invocation.method === 'countWords' ? Promise.reject(new Error('bug')) : next(invocation)),
  ]);
  const report = await fuzz(pilot, 20);
  expect(new Set(report.failures.map(({ method }) => method))).toEqual(new Set([`${NotesServiceDefinition.fullName}/CountWords`]));
  await pilot.close();
});
