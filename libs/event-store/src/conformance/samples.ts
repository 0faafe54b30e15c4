import { randomBytes, randomUUID } from 'node:crypto';
import { Rejection } from '@sanwang/kernel';
import { expect } from 'vitest';
import { sealChain, type UnchainedEvent } from '../chain.ts';
import type { EventMetadata, LogPage, SealedEvent, StreamVersion } from '../port.ts';

/** A context that no other test of the same store uses. */
export const freshContext = (): string => `t${randomBytes(6).toString('hex')}`;

const metadata: EventMetadata = {
  version: 1,
  at: '2026-11-23T08:00:00.000Z',
  recordedAt: '2026-11-23T08:00:00.000Z',
  actor: 'officer.1',
  commandId: 'b0b54cf4-6d35-5b4c-9b62-6f7c7a0c3f33',
  bodyHmac: 'none',
  correlationId: 'c1',
};

export const event = (data: unknown = { text: '巡查' }, type = 'ThingNoted'): UnchainedEvent => ({
  id: randomUUID(),
  type,
  data: JSON.stringify(data),
  metadata: JSON.stringify(metadata),
});

export const chained = (
  stream: string,
  previous: StreamVersion | 'no-stream',
  ...events: readonly UnchainedEvent[]
): readonly SealedEvent[] => sealChain(previous, stream, events);

/** The version of a stream after events were appended to it. */
export const versionAfter = (previous: StreamVersion | 'no-stream', events: readonly SealedEvent[]): StreamVersion => ({
  revision: (previous === 'no-stream' ? -1 : previous.revision) + events.length,
  hash: events.at(-1)!.hash,
});

export const rejection = async (work: Promise<unknown>): Promise<Rejection> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Rejection);
  return error as Rejection;
};

export const expectRejection = async (work: Promise<unknown>, code: string, reason: string, facts?: Rejection['facts']): Promise<void> => {
  const { code: actualCode, reason: actualReason, facts: actualFacts } = await rejection(work);
  expect({ code: actualCode, reason: actualReason }).toEqual({ code, reason });
  if (facts) expect(actualFacts).toMatchObject(facts);
};

export const collect = async (pages: AsyncIterable<LogPage>): Promise<LogPage['events']> => {
  const events: LogPage['events'][number][] = [];
  for await (const page of pages) events.push(...page.events);
  return events;
};
