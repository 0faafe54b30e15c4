import { published } from '@sanwang/event-store';
import { chaosBus, chaosSink } from '@sanwang/messaging/chaos';
import { modelHash, projectionSink, type ModelDefinition } from '@sanwang/read-model';
import { afterEach, describe, expect, test } from 'vitest';
import { clientsOf, foundCity, people } from './city.ts';
import { inParallel, live, sayTo, type Fate } from './lives.ts';
import { hostPlatform, removeFolder, type HostedPlatform } from './platform.ts';
import { faultsFound } from './verified.ts';

const platforms: HostedPlatform[] = [];
afterEach(async () => {
  for (const platform of platforms.splice(0)) {
    await platform.host.drain();
    removeFolder(platform.folder);
  }
});

const ends = ['pass', 'order', 'corrected', 'pushed-back', 'cancelled'] as const;
const fates = Array.from({ length: 15 }, (_, n): Fate => ({ name: `c${n}`, district: n % 2 ? 'north' : 'south', end: ends[n % 5]! }));

const loaded = async (seed?: number): Promise<HostedPlatform> => {
  const platform = await hostPlatform(seed === undefined ? {} : { ports: (ports) => ({ ...ports, bus: chaosBus(ports.bus, seed) }) });
  platforms.push(platform);
  await foundCity(platform, { clock: '2026-03-02T01:00:00.000Z' });
  await inParallel(fates, 8, (fate) => live(fate, sayTo(platform)));
  await clientsOf(platform, people.operator).erasure.eraseSubject({ id: `officer.${people.auditor}`, reason: 'left the service' });
  await platform.settled();
  return platform;
};
const hashes = async ({ host }: HostedPlatform): Promise<Record<string, string>> => {
  const found: Record<string, string> = {};
  for (const { models } of host.services) {
    for (const { definition, reader } of models)
      found[`${definition.context}.${definition.name}`] = (await modelHash(definition, reader.all())).hash;
  }
  return found;
};

describe('deliveries that come twice and out of order across keys', () => {
  test.each([11, 12])('leave every model as its rebuild from the log has it (bus, seed %i)', async (seed) => {
    const platform = await loaded(seed);
    expect(await faultsFound(platform)).toEqual([]);
  });

  test('leave the same models as an undisturbed run (every sink, three seeds)', async () => {
    const platform = await loaded();
    const undisturbed = await hashes(platform);
    const { ports, services } = platform.host;
    const catalogues = services.flatMap(({ definition }) => definition.catalogue ?? []);
    for (const { models } of services) {
      for (const { definition } of models) {
        const name = `${definition.context}.${definition.name}`;
        for (const seed of [21, 22, 23]) {
          const generation = await ports.models.create(definition);
          const sink = chaosSink(projectionSink(definition, generation, ports.keys), seed);
          for (const catalogue of catalogues.filter(({ context }) => feeds(definition, context))) {
            for await (const { events } of published(ports.store, catalogue, { after: -1, pageSize: 60 })) {
              const subscribed = events.filter((event) => sink.subscribes.has(`${event.context}.${event.type}`));
              await sink.apply(subscribed, []);
            }
          }
          expect((await modelHash(definition, generation.all())).hash, `${name}, seed ${seed}`).toBe(undisturbed[name]);
          await ports.models.discard(definition, generation.generation);
        }
      }
    }
  });
});

const feeds = (definition: ModelDefinition, context: string): boolean =>
  context === 'directory' || Object.keys(definition.on).some((type) => type.startsWith(`${context}.`));
