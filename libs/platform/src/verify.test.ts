import { DatabaseSync } from 'node:sqlite';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKPOINT_SECRET, checkpointKey, sealChain, signCheckpoints } from '@sanwang/event-store';
import { wallClock } from '@sanwang/kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTrial, type Trial } from './trial.ts';
import { verify } from './verify.ts';

let trial: Trial;
beforeEach(async () => {
  trial = await startTrial();
  const place = { areas: ['1714000'], validFrom: '2020-01-01', timeZone: 'Asia/Shanghai', calendar: 'cn' };
  await trial.call('UnitService/registerUnit', { code: 'sz', kind: 'city', name: '市局', ...place });
  await trial.host.settle(Date.now() + 10_000);
});
afterEach(() => trial.stop());

const verification = async () => {
  const { ports, services, rebuilding } = trial.host;
  const steps: string[] = [];
  const { hashes = [], findings = [] } = await verify(
    { ports, services, rebuilding, signal: new AbortController().signal },
    ({ step = '' }) => void steps.push(step),
  );
  return { hashes, findings, steps };
};
const unit = (code: string) => ({
  code,
  kind: 'district',
  name: code,
  areas: [`1714000${10 + code.length}`],
  validFrom: '2020-01-01',
  parent: 'sz',
});
const models = () => trial.host.services.flatMap((service) => service.models);

it('finds every model equal to what the log makes of it, while commands go on', async () => {
  const verifying = verification();
  for (let index = 0; index < 20; index++) await trial.call('UnitService/registerUnit', unit(`sz-${'x'.repeat(index + 1)}`));
  const { hashes, findings, steps } = await verifying;
  expect(findings).toEqual([]);
  expect(steps).toEqual(expect.arrayContaining(['log', 'models from the log', 'patrol.tasks', 'done']));
  expect(hashes).toHaveLength(models().length);
  expect(hashes.every(({ equal }) => equal)).toBe(true);
  await trial.host.settle(Date.now() + 10_000);
  expect(trial.host.services.every(({ relay }) => !relay || relay.status().state === 'running')).toBe(true);
});

it('names the model that differs, and only that one', async () => {
  const [path] = globSync('models/patrol/directory-units.*.sqlite', { cwd: trial.host.ports.layout.folder });
  const intruder = new DatabaseSync(join(trial.host.ports.layout.folder, path!));
  intruder.exec(`UPDATE documents SET doc = replace(doc, '市局', '假局')`);
  intruder.close();
  const { findings, hashes } = await verification();
  expect(findings).toEqual([{ part: 'patrol.directory-units', position: '', message: expect.stringContaining('differs') as string }]);
  expect(hashes.filter(({ equal }) => !equal)).toHaveLength(1);
});

it('rebuilds all models at once, which go on with what comes next', async () => {
  const all = models();
  await trial.host.rebuilding.rebuildAll(
    all.map(({ definition }) => definition),
    { takeOver: (definition, swap) => all.find((model) => model.definition === definition)!.takeOver(swap) },
  );
  await trial.call('UnitService/registerUnit', unit('sz-a'));
  const { findings, hashes } = await verification();
  expect(findings).toEqual([]);
  expect(hashes.find(({ model }) => model === 'gateway.directory-units')).toMatchObject({ documents: 2, equal: true });
});

const tampered = (sql: string): void => {
  const intruder = new DatabaseSync(trial.host.ports.layout.log, { defensive: false });
  intruder.exec(sql);
  intruder.close();
};

it('names the first position that is missing, also when it was the end of a stream and every chain is sound', async () => {
  for (const code of ['sz-a', 'sz-bb', 'sz-ccc']) await trial.call('UnitService/registerUnit', unit(code));
  await trial.host.settle(Date.now() + 10_000);
  const head = await trial.host.ports.store.head('');
  tampered(`DELETE FROM events WHERE position IN (${head - 2}, ${head - 1})`);
  const { findings } = await verification();
  expect(findings.filter(({ part }) => part === 'log')).toEqual([
    { part: 'log', position: String(head - 2), message: expect.stringContaining('holds nothing') as string },
  ]);
});

it('names the first position of a history that was replaced with its chains made anew, and of an end that was cut off', async () => {
  for (const code of ['sz-a', 'sz-bb', 'sz-ccc']) await trial.call('UnitService/registerUnit', unit(code));
  await trial.host.settle(Date.now() + 10_000);
  const { ports } = trial.host;
  const key = checkpointKey(await ports.keys.secret(CHECKPOINT_SECRET));
  await signCheckpoints('directory', { ...ports, key, wall: wallClock });
  expect((await verification()).findings).toEqual([]);
  const head = await ports.store.head('');
  const [genuine] = await ports.store.readStream('directory.Unit-sz-bb');
  const forged = sealChain('no-stream', genuine!.stream, [{ ...genuine!, data: genuine!.data.replace('sz-bb', 'sz-xx') }]);
  tampered(`UPDATE events SET data = '${forged[0]!.data}', hash = '${forged[0]!.hash}' WHERE position = ${genuine!.position}`);
  expect((await verification()).findings.filter(({ part }) => part === 'log')).toEqual([
    { part: 'log', position: String(genuine!.position), message: expect.stringContaining('not the one that was signed') as string },
  ]);
  tampered(`UPDATE events SET data = '${genuine!.data}', hash = '${genuine!.hash}' WHERE position = ${genuine!.position};
    DELETE FROM events WHERE position >= ${head - 1}`);
  expect((await verification()).findings.filter(({ part }) => part === 'log')).toEqual([
    { part: 'log', position: String(head - 1), message: expect.stringContaining('ends too early') as string },
  ]);
});

it("reports what SQLite's own check finds in the log's file, such as an index that does not fit its table", async () => {
  tampered(`PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = 'CREATE INDEX events_context ON events (context, id)' WHERE name = 'events_context'`);
  const { findings } = await verification();
  expect(findings).toContainEqual({ part: 'log', position: '', message: expect.stringContaining('events_context') as string });
});
