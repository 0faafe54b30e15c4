import type { PublishedEvent } from '@sanwang/event-store';
import { unitsInForce, reorganisationHandlers, unitHandlers, type ReorganisationDocument, type UnitDocument } from '@sanwang/identity';
import { personal, type Instant } from '@sanwang/kernel';
import { districtTopicOf } from '@sanwang/messaging';
import { projectionSink } from '@sanwang/read-model';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineDistrict } from './declare.ts';
import { at, createDeployment, createLog, definition, foldTopic, partitionOfEvent, unitData, type StallState } from './fixture.ts';

let deployment: ReturnType<typeof createDeployment>;
let log: ReturnType<typeof createLog>;
beforeEach(() => {
  deployment = createDeployment();
  log = createLog();
});
afterEach(() => deployment.close());

const city = () => [
  log.record('directory.Unit-city', 'UnitRegistered', unitData('city', 'city', '1')),
  log.record('directory.Unit-east', 'UnitRegistered', unitData('east', 'district', '11')),
  log.record('directory.Unit-west', 'UnitRegistered', unitData('west', 'district', '12')),
];
const opened = (name: string, area: string) =>
  log.record(`market.Stall-${name}`, 'StallOpened', { area, sells: 'tea', owner: { subject: 'o', key: 'k', iv: 'i', data: 'CANARY' } });
const moved = (name: string, area: string) => log.record(`market.Stall-${name}`, 'StallMoved', { area });
const kinds = (district: string): string[] =>
  deployment
    .topic(district)
    .map(({ headers, value }) => `${headers['ce_type']!.split('.')[3]} ${(JSON.parse(value) as { revision: number }).revision}`);
const running = () => deployment.start(() => undefined);

describe('a district topic', () => {
  test('has the whole public state after each event, and nothing that the schema does not name', async () => {
    const { apply } = await running();
    await apply([...city(), opened('a', '1101'), moved('a', '1102')]);
    const [, last] = deployment.topic('east');
    expect(JSON.parse(last!.value)).toEqual({
      object: { kind: 'Stall', id: 'a' },
      revision: 1,
      since: at(3),
      event: { type: 'StallMoved', at: at(4) },
      state: { area: '1102', sells: 'tea', open: true, moves: 1 },
    });
    expect(last!.headers).toMatchObject({
      ce_type: 'sanwang.district.market.Stall.v1',
      ce_subject: 'market.Stall-a',
      ce_dataschema: '/schemas/district.market.Stall.v1.json',
      sanwang_position: '4',
      sanwang_district: 'east',
    });
    expect(JSON.stringify(deployment.topic('east'))).not.toContain('CANARY');
    expect((await deployment.bus.connect().topicInfo(districtTopicOf('west', 'market')))?.partitions).toBe(3);
  });

  test('is told that an object has left, and the next one gets its whole state before anything later', async () => {
    const { apply } = await running();
    await apply([...city(), opened('a', '1101'), moved('a', '1201'), moved('a', '1202')]);
    expect(kinds('east')).toEqual(['Stall 0', 'HandedOver 1']);
    expect(JSON.parse(deployment.topic('east')[1]!.value)).toEqual({
      object: { kind: 'Stall', id: 'a' },
      revision: 1,
      to: 'west',
      since: at(4),
    });
    expect(kinds('west')).toEqual(['Stall 1', 'Stall 2']);
  });

  test('gets no message twice for an event that comes twice, and none for a state of no district', async () => {
    const { apply, metrics } = await running();
    const events = [...city(), opened('a', '1101'), opened('b', '1901')];
    await apply(events);
    await apply(events);
    expect(kinds('east')).toEqual(['Stall 0']);
    expect(await metrics.text()).toContain('sanwang_unplaced_objects_total{context="market"} 1');
    await apply([moved('b', '1201')]);
    expect(kinds('west')).toEqual(['Stall 1']);
  });

  test('gets what was there before its units were known', async () => {
    const { apply } = await running();
    const stall = opened('a', '1101');
    await apply([stall]);
    await apply(city());
    expect([...foldTopic(deployment.topic('east')).keys()]).toEqual(['market.Stall-a']);
  });
});

describe('a reorganisation', () => {
  const merge = { effectiveAt: at(30), units: [unitData('west', 'district', '11', '12')], ends: [{ unit: 'east', successor: 'west' }] };

  test('hands over on its date, not when it is announced', async () => {
    let now: Instant = at(10);
    const { apply } = await deployment.start(() => now);
    await apply([...city(), opened('a', '1101'), opened('b', '1201')]);
    await apply([log.record('directory.Reorganisation-r', 'ReorganisationAnnounced', merge)]);
    expect(kinds('west')).toEqual(['Stall 0']);
    now = at(30);
    await apply([log.record('directory.Reorganisation-r', 'ReorganisationTookEffect', merge, at(30))]);
    expect(kinds('east')).toEqual(['Stall 0', 'HandedOver 0']);
    expect(JSON.parse(deployment.topic('east')[1]!.value)).toMatchObject({ to: 'west', since: at(30) });
    expect([...foldTopic(deployment.topic('west')).keys()].sort()).toEqual(['market.Stall-a', 'market.Stall-b']);
  });

  test('that was withdrawn hands nothing over', async () => {
    let now: Instant = at(10);
    const { apply } = await deployment.start(() => now);
    await apply([...city(), opened('a', '1101')]);
    await apply([log.record('directory.Reorganisation-r', 'ReorganisationAnnounced', merge)]);
    await apply([log.record('directory.Reorganisation-r', 'ReorganisationWithdrawn', { effectiveOn: '2026-01-01', reason: 'x' })]);
    now = at(40);
    await apply([moved('a', '1102')]);
    expect(kinds('east')).toEqual(['Stall 0', 'Stall 1']);
  });
});

describe('what was sent', () => {
  test('is not sent again by a rebuilt model, save what the model before had not sent', async () => {
    const first = await running();
    await first.apply([...city(), opened('a', '1101')]);
    const { models } = deployment;
    const made = await models.create(definition);
    opened('b', '1102');
    await projectionSink(definition, made, { find: async () => new Map() }).apply(log.events, []);
    await models.swap(definition, made.generation);
    const second = await running();
    await second.apply([]);
    expect(
      deployment
        .topic('east')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['market.Stall-a', 'market.Stall-b']);
  });

  test('is sent again in whole when a topic was lost', async () => {
    const first = await running();
    await first.apply([...city(), opened('a', '1101'), opened('b', '1102'), moved('b', '1103')]);
    await deployment.bus.dropTopic(districtTopicOf('east', 'market'));
    const second = await running();
    await second.apply([]);
    expect(kinds('east').sort()).toEqual(['Stall 0', 'Stall 1']);
    expect(deployment.topic('west')).toEqual([]);
  });

  test('what an operator replays is sent too', async () => {
    const { publisher, sink, apply } = await running();
    await apply(city());
    const stall = opened('a', '1101');
    await sink.apply([stall], []);
    await publisher.apply(sink, [], []);
    expect(kinds('east')).toEqual(['Stall 0']);
  });
});

test('a schema that names a personal field is refused', () => {
  const schema = z.object({ area: z.string(), owner: personal(z.string()).optional() });
  const object = { kind: 'Stall', aggregate: 'Stall', version: 1, description: '', schema, on: {} };
  expect(() => defineDistrict('market', [object])).toThrow('market.Stall: owner is personal');
});

type Step =
  | { readonly kind: 'open' | 'move'; readonly stall: number; readonly area: string }
  | { readonly kind: 'close'; readonly stall: number }
  | { readonly kind: 'unit'; readonly district: number; readonly areas: readonly string[] }
  | { readonly kind: 'reorganise'; readonly areas: readonly (readonly string[])[]; readonly withdrawn: boolean };
const area = fc.constantFrom('1101', '1102', '1201', '1301', '1401');
const prefixes = fc.uniqueArray(fc.constantFrom('11', '12', '13', '1102'), { maxLength: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('open' as const), stall: fc.nat(7), area }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('move' as const), stall: fc.nat(7), area }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), stall: fc.nat(7) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('unit' as const), district: fc.nat(2), areas: prefixes }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reorganise' as const),
      areas: fc.array(prefixes, { minLength: 3, maxLength: 3 }),
      withdrawn: fc.boolean(),
    }),
  },
);
const fault = fc.record({ left: fc.nat(3), how: fc.constantFrom('before' as const, 'half' as const, 'after' as const) });

/** What the log says in the end: each district's objects, with their last state. */
const truth = (events: readonly PublishedEvent[], now: Instant): Map<string, Map<string, StallState>> => {
  const units = new Map<string, UnitDocument>();
  const reorganisations = new Map<string, ReorganisationDocument>();
  const stalls = new Map<string, StallState>();
  for (const event of events) {
    const name = `${event.context}.${event.type}`;
    const unit = unitHandlers[name]?.project(units.get(event.stream), event);
    if (unit) units.set(event.stream, unit);
    if (reorganisationHandlers[name]) {
      const next = reorganisationHandlers[name].project(reorganisations.get(event.stream), event);
      if (next) reorganisations.set(event.stream, next);
      else reorganisations.delete(event.stream);
    }
    const before = stalls.get(event.stream);
    const data = event.data as { area: string; sells: string };
    if (event.type === 'StallOpened') stalls.set(event.stream, { area: data.area, sells: data.sells, open: true, moves: 0 });
    if (event.type === 'StallMoved' && before) stalls.set(event.stream, { ...before, area: data.area, moves: before.moves + 1 });
    if (event.type === 'StallClosed' && before) stalls.set(event.stream, { ...before, open: false });
  }
  const districts = [...unitsInForce(units.values(), reorganisations.values(), now).units.values()]
    .filter(({ kind }) => kind === 'district')
    .flatMap(({ code, areas }) => areas.map((prefix) => ({ code, prefix })))
    .sort((a, b) => b.prefix.length - a.prefix.length || (a.code < b.code ? -1 : 1));
  const result = new Map<string, Map<string, StallState>>();
  for (const [stream, stall] of stalls) {
    const code = districts.find(({ prefix }) => stall.area.startsWith(prefix))?.code;
    if (code !== undefined) result.set(code, (result.get(code) ?? new Map()).set(stream, stall));
  }
  return result;
};

test('each district that folds its topic from the beginning ends with exactly its objects, whatever is doubled, cut off and out of turn', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 40 }),
      fc.array(fc.tuple(fc.nat(8), fc.nat(3), fc.option(fault, { nil: undefined, freq: 3 })), { minLength: 16, maxLength: 16 }),
      fc.boolean(),
      async (steps, turns, clockRuns) => {
        const own = createDeployment();
        const history = createLog();
        const codes = ['east', 'west', 'north'];
        history.record('directory.Unit-city', 'UnitRegistered', unitData('city', 'city', '1'));
        codes.forEach((code, index) =>
          history.record(`directory.Unit-${code}`, 'UnitRegistered', unitData(code, 'district', `1${index + 1}`)),
        );
        const known = new Set<number>();
        for (const [index, one] of steps.entries()) {
          if (one.kind === 'open' && !known.has(one.stall)) {
            known.add(one.stall);
            history.record(`market.Stall-${one.stall}`, 'StallOpened', { area: one.area, sells: 'tea', owner: null });
          } else if (one.kind === 'move' && known.has(one.stall)) {
            history.record(`market.Stall-${one.stall}`, 'StallMoved', { area: one.area });
          } else if (one.kind === 'close' && known.has(one.stall)) {
            history.record(`market.Stall-${one.stall}`, 'StallClosed', {});
          } else if (one.kind === 'unit') {
            const code = codes[one.district]!;
            history.record(`directory.Unit-${code}`, 'UnitChanged', unitData(code, 'district', ...one.areas));
          } else if (one.kind === 'reorganise') {
            const stream = `directory.Reorganisation-${index}`;
            const data = {
              effectiveAt: at(history.events.length + 3),
              units: codes.map((code, district) => unitData(code, 'district', ...one.areas[district]!)),
              ends: [],
            };
            history.record(stream, 'ReorganisationAnnounced', data);
            if (one.withdrawn) history.record(stream, 'ReorganisationWithdrawn', { effectiveOn: '2026-01-01', reason: 'x' });
          }
        }
        const end = at(history.events.length + 10);

        const queues = new Map<string, PublishedEvent[]>();
        for (const event of history.events) {
          const partition = partitionOfEvent(event);
          queues.set(partition, [...(queues.get(partition) ?? []), event]);
        }
        const taken = new Map<string, number>();
        let finished = false;
        const now = (): Instant | undefined => (finished ? end : clockRuns ? at(history.events.length) : undefined);
        let process = await own.start(now);
        const names = [...queues.keys()];
        const deliver = async (turn: number, again: number, count: number): Promise<void> => {
          const name = names[turn % names.length]!;
          const from = Math.max(0, (taken.get(name) ?? 0) - again);
          const upTo = Math.min(queues.get(name)!.length, (taken.get(name) ?? 0) + count);
          const batch = queues.get(name)!.slice(from, upTo);
          try {
            await process.apply(batch);
            taken.set(name, upTo);
          } catch {
            process = await own.start(now);
          }
        };
        for (const [turn, again, fuse] of turns) {
          if (fuse) own.blowAt(fuse.left, fuse.how);
          await deliver(turn, again, 3);
        }
        own.blowAt(-1, 'before');
        for (const [turn] of names.entries()) await deliver(turn, 2, Infinity);
        for (const [turn] of names.entries()) await deliver(turn, 0, Infinity);
        finished = true;
        const stop = new AbortController();
        const following = process.publisher.follow(stop.signal);
        await new Promise((resolve) => setTimeout(resolve, 12));
        stop.abort();
        await following;

        const expected = truth(history.events, end);
        for (const code of codes) expect([code, foldTopic(own.topic(code))]).toEqual([code, expected.get(code) ?? new Map()]);
        await own.close();
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
}, 120_000);
