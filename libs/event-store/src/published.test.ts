import { expect, it } from 'vitest';
import { defineCatalogue, defineEvent, NewerEvent } from '@sanwang/kernel';
import { z } from 'zod';
import { chained, event } from './conformance/samples.ts';
import type { EventReader, StoredEvent } from './port.ts';
import { published, toPublished, type PublishedEvent } from './published.ts';

const counted = { upcasts: 0 };
const Noted = defineEvent('Noted', { visibility: 'public', description: 'x', schema: z.object({ n: z.number() }) });
const Painted = defineEvent('Painted', {
  visibility: 'private',
  description: 'x',
  schema: z.object({ color: z.string() }),
  upcasters: [({ colour }: { colour: string }) => (counted.upcasts++, { color: colour })],
});
const catalogue = defineCatalogue('book', { Noted, Painted });

const log = (...entries: readonly (readonly [type: string, data: unknown, version?: number])[]): readonly StoredEvent[] =>
  chained(
    'book.Note-1',
    'no-stream',
    ...entries.map(([type, data, version = 1]) => {
      const one = event(data, type);
      return { ...one, metadata: JSON.stringify({ ...(JSON.parse(one.metadata) as object), version, causationId: 'cause' }) };
    }),
  ).map((one, revision) => ({ ...one, stream: 'book.Note-1', revision, position: revision + 10 }));

/** A double of the log that gives its events in pages of two and ends at position 99. */
const reader = (events: readonly StoredEvent[]): EventReader => ({
  async *readAll({ prefix, after }) {
    expect(prefix).toBe('book.');
    const wanted = events.filter(({ position }) => position > after);
    for (let n = 0; n < wanted.length; n += 2)
      yield { events: wanted.slice(n, n + 2), position: wanted[Math.min(n + 1, wanted.length - 1)]!.position };
    yield { events: [], position: 99 };
  },
  subscribe: () => {
    throw new Error('not followed here');
  },
  readStream: async () => [],
  head: async () => 99,
  close: async () => undefined,
});
const read = async (
  events: readonly StoredEvent[],
  options: { after?: number; publicOnly?: boolean; types?: ReadonlySet<string> } = {},
) => {
  const seen: PublishedEvent[] = [];
  let position = -1;
  let error: unknown;
  try {
    for await (const page of published(reader(events), catalogue, { after: -1, ...options })) {
      seen.push(...page.events);
      position = page.position;
    }
  } catch (thrown) {
    error = thrown;
  }
  return { seen, position, error };
};

it('carries place, metadata and the data in the present version', () => {
  const [noted, painted] = log(['Noted', { n: 1 }], ['Painted', { colour: 'red' }]);
  expect(toPublished(noted!, catalogue)).toEqual({
    context: 'book',
    type: 'Noted',
    version: 1,
    visibility: 'public',
    stream: 'book.Note-1',
    id: noted!.id,
    revision: 0,
    position: 10,
    at: '2026-11-23T08:00:00.000Z',
    recordedAt: '2026-11-23T08:00:00.000Z',
    actor: 'officer.1',
    commandId: 'b0b54cf4-6d35-5b4c-9b62-6f7c7a0c3f33',
    correlationId: 'c1',
    causationId: 'cause',
    data: { n: 1 },
    rawData: '{"n":1}',
  });
  expect(toPublished(painted!, catalogue)).toMatchObject({
    version: 2,
    data: { color: 'red' },
    rawData: '{"colour":"red"}',
    rawVersion: 1,
  });
});

it('upcasts when the data is looked at, once, and survives copying and serialising', () => {
  const [painted] = log(['Painted', { colour: 'red' }]);
  counted.upcasts = 0;
  const one = toPublished(painted!, catalogue);
  expect(counted.upcasts).toBe(0);
  expect(one.data).toBe(one.data);
  expect(counted.upcasts).toBe(1);
  expect({ ...one }.data).toEqual({ color: 'red' });
  expect(JSON.parse(JSON.stringify(one))).toMatchObject({ data: { color: 'red' } });
  expect(structuredClone(one).data).toEqual({ color: 'red' });
});

it('yields everything of the own context, up to the head', async () => {
  const { seen, position } = await read(log(['Noted', { n: 1 }], ['Painted', { color: 'red' }, 2], ['Noted', { n: 2 }]), { after: 10 });
  expect(seen.map(({ type }) => type)).toEqual(['Painted', 'Noted']);
  expect(position).toBe(99);
});

it('yields public types only to another context, and passes over what that one does not know', async () => {
  const { seen, position, error } = await read(log(['Painted', {}, 9], ['Noted', { n: 1 }], ['Burnt', {}], ['Noted', { n: 2 }]), {
    publicOnly: true,
  });
  expect(seen.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }]);
  expect([position, error]).toEqual([99, undefined]);
});

it('passes over the types that are not wanted, but never over one that only a later release knows', async () => {
  const types = new Set(['Noted']);
  const { seen, position } = await read(log(['Painted', {}, 9], ['Noted', { n: 1 }], ['Painted', {}, 9]), { types });
  expect(seen.map(({ data }) => data)).toEqual([{ n: 1 }]);
  expect(position).toBe(99);
  expect((await read(log(['Noted', { n: 1 }], ['Burnt', {}]), { types })).error).toBeInstanceOf(NewerEvent);
});

it('delivers what stands before a newer event, then stops', async () => {
  for (const newer of [
    ['Noted', { n: 3 }, 2],
    ['Burnt', {}],
  ] as const) {
    const { seen, position, error } = await read(
      log(['Noted', { n: 1 }], ['Noted', { n: 2 }], ['Noted', { n: 3 }], newer, ['Noted', { n: 4 }]),
    );
    expect(error).toBeInstanceOf(NewerEvent);
    expect(seen.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(position).toBe(12);
  }
});

it('passes over types that its reader does not take, undecoded, but never over a type that this release does not know', async () => {
  const events = log(['Noted', { n: 1 }], ['Painted', { color: 'red' }, 9], ['Noted', { n: 2 }], ['Carved', {}], ['Noted', { n: 3 }]);

  const { seen, error } = await read(events, { types: new Set(['Noted']) });

  expect(seen.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }]);
  expect(error).toBeInstanceOf(NewerEvent);
});
