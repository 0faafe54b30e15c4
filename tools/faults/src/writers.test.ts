import type { StoredEvent } from '@sanwang/event-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientsOf, foundCity, people } from './city.ts';
import { live, sayTo, type Fate } from './lives.ts';
import { hostPlatform, removeFolder, type HostedPlatform } from './platform.ts';
import { faultsFound } from './verified.ts';

let platform: HostedPlatform;
beforeAll(async () => {
  platform = await hostPlatform();
  await foundCity(platform);
});
afterAll(async () => {
  await platform.host.drain();
  removeFolder(platform.folder);
});

const ends = ['pass', 'order', 'corrected', 'cancelled'] as const;

test('a subscriber at full speed misses nothing of 64 writers, and sees each stream in order', async () => {
  const { store } = platform.host.ports;
  const stop = new AbortController();
  const seen: StoredEvent[] = [];
  const subscribed = (async () => {
    for await (const page of store.subscribe({ prefix: '', after: -1, signal: stop.signal })) seen.push(...page.events);
  })();

  const fates = Array.from({ length: 64 }, (_, n): Fate => ({ name: `w${n}`, district: n % 2 ? 'north' : 'south', end: ends[n % 4]! }));
  await Promise.all(fates.map((fate) => live(fate, sayTo(platform))));
  await platform.settled();
  const head = await store.head('');
  while ((seen.at(-1)?.position ?? -1) < head) await new Promise(setImmediate);
  stop.abort();
  await subscribed;

  expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: head + 1 }, (_, n) => n));
  for (const [stream, events] of Map.groupBy(seen, (event) => event.stream)) {
    expect(
      events.map(({ revision }) => revision),
      stream,
    ).toEqual(events.map((_, n) => n));
  }
  expect(await faultsFound(platform)).toEqual([]);
});

test('of 64 who say the same command at once, all get one answer, and it happens once', async () => {
  const before = await platform.host.ports.store.head('registration.');
  const { businesses } = clientsOf(platform, people.registrar);
  const answers = await Promise.all(
    Array.from({ length: 64 }, () =>
      businesses.registerBusiness(
        {
          number: { kind: 'local', value: 'same', authority: 'wg' },
          name: 'x',
          businessType: 'shop',
          address: 'x',
          area: '990101',
          licences: [],
        },
        { idempotencyKey: 'one-and-the-same' },
      ),
    ),
  );
  expect(new Set(answers.map(({ id, revision }) => `${id}@${revision}`))).toEqual(new Set(['local.wg.same@0']));
  const events: StoredEvent[] = [];
  for await (const page of platform.host.ports.store.readAll({ prefix: 'registration.', after: before })) events.push(...page.events);
  expect(events).toHaveLength(1);
});

test('of 64 different changes to one stream none is lost', async () => {
  const { businesses } = clientsOf(platform, people.registrar);
  const id = 'local.wg.w0';
  const [from] = (await platform.host.ports.store.readStream(`registration.Business-${id}`)).slice(-1);
  const answers = await Promise.all(
    Array.from({ length: 64 }, (_, n) =>
      businesses.moveBusiness({ id, address: `${n} New Street`, area: '990101' }, { timeoutMs: 20_000 }),
    ),
  );
  const revisions = answers.map(({ revision }) => revision).sort((a, b) => a - b);
  expect(revisions).toEqual(Array.from({ length: 64 }, (_, n) => from!.revision + 1 + n));
});
