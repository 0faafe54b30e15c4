import { expect, test } from 'vitest';
import { fuzzOpenApi } from './fuzz.ts';
import { runPilot } from './fixture/running.ts';
import { fixtureDescriptors, notesApi } from './fixture/notes.ts';
import { openApiDocument } from './openapi.ts';

const document = openApiDocument([notesApi()], fixtureDescriptors(), { title: 'Pilot', version: '1', description: '' });
// The pilot's Fail answers 5xx when asked to.
const skip = (operationId: string) => operationId === 'NotesService_Fail';

test('no request ends the process or makes it answer 5xx', async () => {
  const pilot = await runPilot();
  const report = await fuzzOpenApi({ document, base: pilot.base, tokens: ['o1', 'stolen', 'o2'], seed: 42, runs: 100, skip });
  expect(report.failures).toEqual([]);
  expect(report.requests).toBe(600);
  expect(report.statuses[200]).toBeGreaterThan(60);
  expect(report.statuses[400]).toBeGreaterThan(60);
  expect(Object.prototype).not.toHaveProperty('polluted');
  await pilot.close();
});

test('finds a handler that fails', async () => {
  const pilot = await runPilot([
    (next) => (invocation) => (invocation.method === 'countWords' ? Promise.reject(new Error('bug')) : next(invocation)),
  ]);
  const report = await fuzzOpenApi({ document, base: pilot.base, tokens: ['o1'], seed: 1, runs: 5, skip });
  expect(new Set(report.failures.map(({ operation }) => operation))).toEqual(new Set(['NotesService_CountWords']));
  await pilot.close();
});

test('sends the same requests for the same seed', async () => {
  const once = async () => {
    const pilot = await runPilot();
    await fuzzOpenApi({ document, base: pilot.base, tokens: ['o1'], seed: 7, runs: 10, skip });
    await pilot.close();
    return pilot.calls.map(({ request }) => request);
  };
  expect(await once()).toEqual(await once());
});
