import { startTrial, type Trial } from '@sanwang/platform/trial';
import { afterEach, expect, test } from 'vitest';

let trial: Trial;
afterEach(() => trial.stop());

const city = { code: 'sz', kind: 'city', name: 'x', areas: ['4403'], validFrom: '2024-01-01', timeZone: 'Asia/Shanghai', calendar: 'cn' };
const eventsOf = async (): Promise<readonly string[]> => {
  const types: string[] = [];
  for await (const { events } of trial.host.ports.store.readAll({ prefix: '', after: -1 })) types.push(...events.map(({ type }) => type));
  return types;
};

test('a repeat after a restart answers as the first call did, though the state has moved on since', async () => {
  trial = await startTrial();
  const more = { idempotencyKey: 'k1' };
  const first = await trial.call('UnitService/registerUnit', city, undefined, more);
  const { kind: _kind, ...change } = city;
  await trial.call('UnitService/changeUnit', { ...change, name: 'y' });
  await trial.restart();
  expect(await trial.call('UnitService/registerUnit', city, undefined, more)).toMatchObject({ id: 'sz', revision: first['revision'] });
  expect(await trial.refusal('UnitService/registerUnit', city)).toMatchObject({ reason: 'unit-exists' });
  expect(await eventsOf()).toEqual(['DeploymentBegun', 'UnitRegistered', 'UnitChanged']);
});

test('a refused first command leaves the log empty, over a restart too, so that a simulation may still begin', async () => {
  trial = await startTrial();
  const orphan = { code: 'a', kind: 'district', parent: 'b', name: 'x', areas: ['440304'], validFrom: '2024-01-01' };
  expect(await trial.refusal('UnitService/registerUnit', orphan)).toMatchObject({ fields: ['parent'] });
  await trial.restart();
  expect(await trial.refusal('UnitService/registerUnit', orphan)).toMatchObject({ fields: ['parent'] });
  expect(await eventsOf()).toEqual([]);
  await trial.call('SimulationService/begin', { clock: '2026-03-02T00:00:00Z' });
  await trial.restart();
  await trial.call('UnitService/registerUnit', city);
  expect(await eventsOf()).toEqual(['DeploymentBegun', 'UnitRegistered']);
});
