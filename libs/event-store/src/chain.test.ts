import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Rejection } from '@sanwang/kernel';
import { checkedPages, sealChain, verifyChain } from './chain.ts';
import type { LogPage, StoredEvent } from './port.ts';

const stream = 'patrol.Task-1';
const content = fc.record({ id: fc.uuid(), type: fc.stringMatching(/^[A-Z][a-z]{2,8}$/), data: fc.json(), metadata: fc.json() });
const history = fc
  .array(content, { minLength: 1, maxLength: 6 })
  .map((events): StoredEvent[] =>
    sealChain('no-stream', stream, events).map((event, revision) => ({ ...event, stream, revision, position: revision * 3 })),
  );
const at = fc.nat();

const damageIn = (events: readonly StoredEvent[]): Rejection | undefined => {
  try {
    verifyChain(stream, events);
    return undefined;
  } catch (error) {
    return error as Rejection;
  }
};

it('accepts a chain as it was sealed, whole and in parts', () => {
  fc.assert(
    fc.property(history, at, (events, n) => {
      verifyChain(stream, events);
      const cut = n % events.length;
      if (cut > 0) verifyChain(stream, events.slice(cut), events[cut - 1]!);
    }),
  );
});

it('continues a chain in the same way as sealing it at once', () => {
  fc.assert(
    fc.property(fc.array(content, { minLength: 2, maxLength: 5 }), (events) => {
      const atOnce = sealChain('no-stream', stream, events);
      const [first] = sealChain('no-stream', stream, events.slice(0, 1));
      expect([first, ...sealChain({ revision: 0, hash: first!.hash }, stream, events.slice(1))]).toEqual(atOnce);
    }),
  );
});

it('finds any flipped bit in any text of a record, at that record', () => {
  const fields = fc.constantFrom('id', 'type', 'data', 'metadata', 'hash', 'stream');
  fc.assert(
    fc.property(history, at, fields, at, fc.integer({ min: 0, max: 6 }), (events, n, field, place, bit) => {
      const index = n % events.length;
      const event = events[index]!;
      const text = event[field];
      const character = place % text.length;
      const flipped = text.slice(0, character) + String.fromCharCode(text.charCodeAt(character) ^ (1 << bit)) + text.slice(character + 1);
      const damage = damageIn(events.with(index, { ...event, [field]: flipped }));
      expect(damage).toMatchObject({ code: 'data-loss', reason: 'damaged-record', facts: { position: event.position, revision: index } });
    }),
    { numRuns: 500 },
  );
});

it('finds records that were removed, swapped, or moved between fields', () => {
  fc.assert(
    fc.property(history, at, (events, n) => {
      const index = n % events.length;
      if (index < events.length - 1) expect(damageIn(events.toSpliced(index, 1))).toBeInstanceOf(Rejection);
      const next = events[index + 1];
      if (next) expect(damageIn(events.with(index, next).with(index + 1, events[index]!))).toBeInstanceOf(Rejection);
      const event = events[index]!;
      const moved = { ...event, data: event.data + event.metadata[0]!, metadata: event.metadata.slice(1) };
      expect(damageIn(events.with(index, moved))).toBeInstanceOf(Rejection);
    }),
  );
});

it('delivers what stands before a damaged record of the log, then reports it', async () => {
  const two = (of: string): StoredEvent[] =>
    sealChain(
      'no-stream',
      of,
      [1, 2].map((n) => ({ id: `${of}${n}`, type: 'Noted', data: `${n}`, metadata: '{}' })),
    ).map((event, revision) => ({
      ...event,
      stream: of,
      revision,
      position: revision,
    }));
  const [a, b] = [two('t.A-1'), two('t.B-1')];
  const pages = async function* (): AsyncGenerator<LogPage> {
    yield { events: [a[0]!, b[0]!], position: 1 };
    yield { events: [b[1]!, { ...a[1]!, data: '3' }], position: 3 };
  };
  const seen: string[] = [];
  const read = async (): Promise<void> => {
    for await (const page of checkedPages(pages(), () => undefined)) seen.push(...page.events.map(({ id }) => id));
  };
  await expect(read()).rejects.toMatchObject({ reason: 'damaged-record', facts: { stream: 't.A-1', revision: 1 } });
  expect(seen).toEqual(['t.A-11', 't.B-11', 't.B-12']);
});
