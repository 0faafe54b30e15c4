import { DatabaseSync } from 'node:sqlite';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sealChain, type EventMetadata } from '@sanwang/event-store';
import { uuidv7 } from '@sanwang/kernel';
import { toMessage, topicOf } from '@sanwang/messaging';
import { eventually } from '@sanwang/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { clientsOf, foundCity, people } from './city.ts';
import { hostPlatform, removeFolder, type HostedPlatform } from './platform.ts';
import { servicesWith } from './services.ts';

const globals = globalThis as { sanwangAntidote?: boolean };
const platforms: HostedPlatform[] = [];
const folders: string[] = [];
afterEach(async () => {
  delete globals.sanwangAntidote;
  for (const platform of platforms.splice(0)) {
    await platform.host.drain();
    removeFolder(platform.folder);
  }
  folders.splice(0).forEach(removeFolder);
});

const city = async (services?: string): Promise<HostedPlatform> => {
  const platform = await hostPlatform(services === undefined ? {} : { services });
  platforms.push(platform);
  await foundCity(platform);
  return platform;
};
const register = (platform: HostedPlatform, value: string, address = 'x') =>
  clientsOf(platform, people.registrar).businesses.registerBusiness({
    number: { kind: 'local', value, authority: 'wg' },
    name: value,
    businessType: 'shop',
    address,
    area: '990101',
    licences: [],
  });
const move = (platform: HostedPlatform, id: string, address: string) =>
  clientsOf(platform, people.registrar).businesses.moveBusiness({ id, address, area: '990101' });
const statusOf = (platform: HostedPlatform, name: string) =>
  platform.host.services
    .flatMap(({ models }) => models)
    .find(({ consumer }) => consumer.status().name === name)!
    .consumer.status();
const partsNotReady = (platform: HostedPlatform): readonly string[] =>
  platform.host.readiness().parts.flatMap(({ name, ready }) => (ready ? [] : [name]));

describe('a poison event', () => {
  const poisonedCity = async () => {
    const services = servicesWith(join(import.meta.dirname, 'fixtures', 'poison'));
    folders.push(dirname(services));
    const platform = await city(services);
    await register(platform, 'bad', 'a poisoned well');
    await register(platform, 'good');
    await move(platform, 'local.wg.bad', 'a clean well');
    await platform.settled();
    return platform;
  };
  const seen = async (platform: HostedPlatform): Promise<Record<string, unknown>> => {
    const { reader } = platform.host.services.find(({ definition }) => definition.context === 'poison')!.models[0]!;
    const found: Record<string, unknown> = {};
    for await (const { id, doc } of reader.all()) found[id] = doc['address'];
    return found;
  };

  test('parks its own key, with what follows on it; other keys go on and the platform stays ready', async () => {
    const platform = await poisonedCity();
    expect(await seen(platform)).toEqual({ 'local.wg.good': 'x' });
    expect(partsNotReady(platform)).toEqual([]);
    const { items } = await clientsOf(platform, people.operator).operations.listParkedKeys({});
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ model: 'poison.seen', key: 'registration.Business-local.wg.bad' });
    expect(items[0]!.error).toContain('cannot take in such an address');
    expect(items[0]!.events.map(({ type }) => type)).toEqual(['registration.BusinessRegistered', 'registration.BusinessMoved']);
  });

  test('is taken in by a replay once its handler can, in order', async () => {
    const platform = await poisonedCity();
    const { operations } = clientsOf(platform, people.operator);
    const parked = { model: 'poison.seen', key: 'registration.Business-local.wg.bad' };
    expect(await operations.replayParkedKey(parked)).toMatchObject({ replayed: 0, remaining: 2 });
    globals.sanwangAntidote = true;
    expect(await operations.replayParkedKey(parked)).toEqual({ replayed: 2, remaining: 0, error: '' });
    expect(await seen(platform)).toEqual({ 'local.wg.good': 'x', 'local.wg.bad': 'a clean well' });
    expect((await operations.listParkedKeys({})).items).toEqual([]);
    await expect(operations.replayParkedKey(parked)).rejects.toMatchObject({ code: 'not-found', reason: 'parked-key-not-found' });
  });

  test('is dropped with a reason, and what waited behind it goes on', async () => {
    const platform = await poisonedCity();
    const { operations } = clientsOf(platform, people.operator);
    const parked = { model: 'poison.seen', key: 'registration.Business-local.wg.bad' };
    expect(await operations.dropParkedEvent({ ...parked, reason: 'entered by mistake' })).toMatchObject({ remaining: 0 });
    expect(await seen(platform)).toEqual({ 'local.wg.good': 'x', 'local.wg.bad': 'a clean well' });
  });

  test('is parked still after a restart', async () => {
    const platform = await poisonedCity();
    await platform.host.drain();
    const again = await hostPlatform({ folder: platform.folder, services: join(folders[0]!, 'services') });
    platforms.push(again);
    await again.settled();
    const { items } = await clientsOf(again, people.operator).operations.listParkedKeys({});
    expect(items.map(({ events }) => events.length)).toEqual([2]);
  });
});

test("a read model's file that is locked pauses its consumer until it is free, parks nothing, and shows in readiness", async () => {
  const platform = await city();
  const [file] = globSync(join(platform.folder, 'models', 'registration', 'businesses.*.sqlite'));
  const stranger = new DatabaseSync(file!);
  stranger.exec('BEGIN EXCLUSIVE');
  const { readToken } = await register(platform, 'waits');
  await eventually(() => expect(partsNotReady(platform)).toEqual(['registration.businesses']));
  expect(statusOf(platform, 'registration.businesses')).toMatchObject({ state: 'paused', reason: 'unavailable', parkedKeys: 0 });

  const { businesses } = clientsOf(platform, people.registrar);
  await register(platform, 'goes-on');
  const asked = businesses.getBusiness({ id: 'local.wg.waits' }, { readTokens: [readToken], timeoutMs: 300 });
  await expect(asked).rejects.toMatchObject({ code: expect.stringMatching(/^(unavailable|deadline-exceeded)$/) });

  stranger.exec('ROLLBACK');
  stranger.close();
  await platform.settled();
  expect(partsNotReady(platform)).toEqual([]);
  expect(await businesses.getBusiness({ id: 'local.wg.waits' }, { readTokens: [readToken] })).toMatchObject({ name: 'waits' });
});

describe('an event of a newer release', () => {
  const metadata = (version: number): EventMetadata => ({
    version,
    at: '2026-01-01T00:00:00.000Z',
    recordedAt: '2026-01-01T00:00:00.000Z',
    actor: 'later',
    commandId: uuidv7(),
    bodyHmac: '',
    correlationId: 'later',
  });

  test('in the log stops the relay of its context before it, visibly; nothing is skipped, other contexts go on', async () => {
    const platform = await city();
    const { store } = platform.host.ports;
    await register(platform, 'before');
    await platform.settled();
    const stream = 'registration.Business-local.wg.later';
    const event = { id: uuidv7(), type: 'BusinessRegistered', data: '{"later":true}', metadata: JSON.stringify(metadata(99)) };
    const { position } = await store.append(stream, 'no-stream', sealChain('no-stream', stream, [event]));
    await register(platform, 'after');
    await eventually(() => expect(partsNotReady(platform)).toEqual(['registration.relay']));
    const { relay } = platform.host.services.find(({ definition }) => definition.context === 'registration')!;
    expect(relay!.status()).toMatchObject({ reason: 'newer-event' });
    expect(relay!.status().position).toBeLessThan(position);
    const { items } = await clientsOf(platform, people.registrar).businesses.listBusinesses({});
    expect(items.map(({ name }) => name)).toEqual(['before']);
    const { units } = clientsOf(platform, people.bootstrap);
    const unit = { kind: 'district', parent: 'wg', name: '西区局', areas: ['990103'], validFrom: '2020-01-01' };
    const { readToken } = await units.registerUnit({ code: 'wg-west', ...unit });
    expect(await units.getUnit({ code: 'wg-west' }, { readTokens: [readToken] })).toMatchObject({ name: '西区局' });
  });

  test('in the topic pauses the consumers that take it; it is neither parked nor skipped', async () => {
    const platform = await city();
    const { bus, store } = platform.host.ports;
    await register(platform, 'before');
    await platform.settled();
    const head = await store.head('registration.');
    const stream = 'registration.Business-local.wg.later';
    const { commandId, ...described } = metadata(99);
    const message = toMessage({
      ...described,
      commandId,
      context: 'registration',
      type: 'BusinessRegistered',
      visibility: 'public',
      stream,
      id: uuidv7(),
      revision: 0,
      position: head + 1_000,
      data: { later: true },
    });
    await bus.send(topicOf('registration'), [message]);
    await eventually(() =>
      expect(statusOf(platform, 'patrol.businesses')).toMatchObject({ state: 'paused', reason: 'newer-event', parkedKeys: 0 }),
    );
    expect(partsNotReady(platform)).toContain('registration.businesses');
    const lag = platform.host.services.flatMap(({ models }) => models).find(({ definition }) => definition.name === 'businesses')!;
    expect(await lag.consumer.lag()).toBeGreaterThan(0);
    expect((await clientsOf(platform, people.operator).operations.listParkedKeys({})).items).toEqual([]);
  });
});
