import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Keys, PublishedEvent } from '@sanwang/event-store';
import { defineEvent, Rejection, type EventsOf, type Instant } from '@sanwang/kernel';
import { districtTopicOf, partitionOf, type Bus, type BusMessage } from '@sanwang/messaging';
import { busDouble } from '@sanwang/messaging/doubles';
import { projectionSink, type ModelStore } from '@sanwang/read-model';
import { openModels } from '@sanwang/sqlite';
import { createMetrics } from '@sanwang/telemetry';
import { z } from 'zod';
import { defineDistrict, type DistrictObject } from './declare.ts';
import { districtModel } from './model.ts';
import { openDistrictPublisher } from './publisher.ts';

// A made-up context for tests: stalls that open, move and close.
const stallEvents = {
  StallOpened: defineEvent('StallOpened', {
    visibility: 'public',
    description: 'A stall opened.',
    schema: z.object({ area: z.string(), sells: z.string(), owner: z.unknown() }),
  }),
  StallMoved: defineEvent('StallMoved', { visibility: 'public', description: 'A stall moved.', schema: z.object({ area: z.string() }) }),
  StallClosed: defineEvent('StallClosed', { visibility: 'public', description: 'A stall closed.', schema: z.object({}) }),
};
const state = z.object({ area: z.string(), sells: z.string(), open: z.boolean(), moves: z.int() });
export type StallState = z.infer<typeof state>;
const stall: DistrictObject<EventsOf<typeof stallEvents>, StallState> = {
  kind: 'Stall',
  aggregate: 'Stall',
  version: 1,
  description: 'A stall.',
  schema: state,
  on: {
    StallOpened: (_, data) => ({ ...data, open: true, moves: 0 }),
    StallMoved: (before, { area }) => before && { ...before, area, moves: before.moves + 1 },
    StallClosed: (before) => before && { ...before, open: false },
  },
};
export const declaration = defineDistrict('market', [stall]);
export const definition = districtModel(declaration);

export const at = (minute: number): Instant => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

/** A log in memory: every event has one position, and the time of its position. */
export const createLog = () => {
  const events: PublishedEvent[] = [];
  const revisions = new Map<string, number>();
  return {
    events,
    record(stream: string, type: string, data: unknown, when: Instant = at(events.length)): PublishedEvent {
      const revision = (revisions.get(stream) ?? -1) + 1;
      revisions.set(stream, revision);
      const position = events.length;
      const event: PublishedEvent = {
        context: stream.slice(0, stream.indexOf('.')),
        type,
        version: 1,
        visibility: 'public',
        stream,
        id: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`,
        revision,
        position,
        at: when,
        recordedAt: when,
        actor: 'a',
        commandId: 'c',
        correlationId: 'c',
        data,
      };
      events.push(event);
      return event;
    },
  };
};

export const unitData = (code: string, kind: string, ...areas: string[]) => ({
  code,
  kind,
  ...(kind === 'city' ? { timeZone: 'UTC', calendar: 'cn' } : { parent: 'city' }),
  name: code,
  areas,
  validFrom: '2020-01-01',
});

/** What a bureau's consumer makes of its topic: objects by stream, duplicates and what is older passed over. */
export const foldTopic = (messages: readonly BusMessage[]): Map<string, StallState> => {
  const seen = new Set<string>();
  const newest = new Map<string, number>();
  const objects = new Map<string, StallState>();
  for (const { key, headers, value } of messages) {
    const position = Number(headers['sanwang_position']);
    if (seen.has(headers['ce_id']!) || position < (newest.get(key) ?? -1)) continue;
    seen.add(headers['ce_id']!);
    newest.set(key, position);
    if (headers['ce_type'] === 'sanwang.district.market.HandedOver.v1') objects.delete(key);
    else objects.set(key, (JSON.parse(value) as { state: StallState }).state);
  }
  return objects;
};

const keys: Pick<Keys, 'find'> = { find: async () => new Map() };

/** One deployment: bus and stores outlive the publishers that are started on them, each a process of its own. */
export const createDeployment = () => {
  const folder = mkdtempSync(join(tmpdir(), 'sanwang-district-'));
  const bus = busDouble();
  const models = openModels(folder);
  /** Calls left until one fails, after having been carried out, in part or not at all. */
  let fuse: { left: number; how: 'before' | 'half' | 'after' } | undefined;
  const broken = (): Rejection => new Rejection('unavailable', 'bus-unavailable', 'made up');
  const blows = (): boolean => fuse !== undefined && fuse.left-- === 0;
  const connect = (): Bus => {
    const connection = bus.connect();
    return {
      ...connection,
      async send(topic, messages) {
        if (!blows()) return connection.send(topic, messages);
        const { how } = fuse!;
        fuse = undefined;
        if (how === 'half') await connection.send(topic, messages.slice(0, Math.ceil(messages.length / 2)));
        if (how === 'after') await connection.send(topic, messages);
        throw broken();
      },
    };
  };
  return {
    bus,
    models,
    blowAt: (left: number, how: 'before' | 'half' | 'after'): void => void (fuse = { left, how }),
    async start(now: () => Instant | undefined, store: ModelStore = models) {
      const metrics = createMetrics();
      const publisher = await openDistrictPublisher({
        declaration,
        definition,
        models: store,
        bus: connect(),
        now,
        metrics,
        lookEveryMs: 5,
      });
      const sink = projectionSink(definition, await store.live(definition), keys, { onApplied: (changes) => publisher.applied(changes) });
      await sink.progress();
      return { publisher, sink, metrics, apply: (events: readonly PublishedEvent[]) => publisher.apply(sink, events, []) };
    },
    topic: (district: string) => bus.messages(districtTopicOf(district, 'market')),
    async close(): Promise<void> {
      await models.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** The partition on which an event travels, its context's topic apart. */
export const partitionOfEvent = ({ context, stream }: PublishedEvent, partitions = 4): string =>
  `${context}/${partitionOf(stream, partitions)}`;
