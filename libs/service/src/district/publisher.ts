import { Rejection, type Instant } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import { DISTRICT_PARTITIONS, districtTopicOf, linkedController, pause, type Bus, type Sink } from '@sanwang/messaging';
import type { Change, ModelDefinition, ModelReader, ModelStore, ProjectionSink } from '@sanwang/read-model';
import type { Metrics } from '@sanwang/telemetry';
import { changedPrefixes, createAreas, type DistrictAreas } from './areas.ts';
import type { DistrictDeclaration } from './declare.ts';
import { openLedger } from './ledger.ts';
import { createMessages, type DistrictMessage } from './messages.ts';
import { isObject, movesAreas, REORGANISATION, UNIT, type DistrictDocument, type Entry, type ObjectDocument, type Whole } from './model.ts';
import { place, type Placement } from './placing.ts';

export interface DistrictPublisherOptions {
  readonly declaration: DistrictDeclaration;
  readonly definition: ModelDefinition<DistrictDocument>;
  readonly models: ModelStore;
  readonly bus: Bus;
  /** The platform's time; `undefined` until it is known what the clock is. */
  now(): Instant | undefined;
  readonly metrics: Pick<Metrics, 'districtMessages' | 'unplacedObjects'>;
  /** Between two looks at topics, at the clock, and at what is left to send; ms. */
  readonly lookEveryMs?: number;
}

type ModelSink = Pick<ProjectionSink, 'apply' | 'parked' | 'parkedKeys'>;

/** Sends a context's objects to the topics of their districts. One process at a time; `follow` runs while it is the one. */
export interface DistrictPublisher {
  /** Sends what these events say, and then lets the model take them in. */
  apply(sink: ModelSink, ...batch: Parameters<Sink['apply']>): Promise<void>;
  /** What the model has taken in, also by the hand of an operator. */
  applied(changes: readonly Change[]): void;
  /** Begins anew from what is stored: others may have published since. */
  begin(): void;
  follow(signal: AbortSignal): Promise<void>;
}

const PAGE = 500;

export const openDistrictPublisher = async (options: DistrictPublisherOptions): Promise<DistrictPublisher> => {
  const { declaration, definition, models, bus, metrics } = options;
  const { context } = declaration;
  await models.live(definition);
  const reader: ModelReader<DistrictDocument> = await models.reader(definition);
  const ledger = await openLedger(models, context);
  const messages = createMessages(declaration);
  const areas = createAreas();
  const byId = new Map(Object.entries(definition.on));
  let whole: Whole | undefined;
  let lookAtTopics = true;
  /** What the model took in without its having been sent. */
  const left = new Set<string>();
  let sentThrough = new Map<string, number>();

  let tail: Promise<unknown> = Promise.resolve();
  const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
    const run = tail.then(work, work);
    tail = run.catch(() => undefined);
    return run;
  };

  async function* docsWhere(field: string, test: { eq: string } | { prefix: string }): AsyncGenerator<readonly DistrictDocument[]> {
    let pageToken: string | undefined;
    do {
      const page = await reader.query({ scope: 'everything', where: [{ field, ...test }], limit: PAGE, ...(pageToken && { pageToken }) });
      yield page.items;
      pageToken = page.nextPageToken;
    } while (pageToken);
  }

  const send = async (outgoing: readonly DistrictMessage[]): Promise<void> => {
    const byDistrict = Map.groupBy(outgoing, ({ district }) => district);
    await Promise.all(
      [...byDistrict].map(async ([district, batch]) => {
        try {
          await bus.send(
            districtTopicOf(district, context),
            batch.map(({ message }) => message),
          );
        } catch (error) {
          if (!(error instanceof Rejection) || error.code !== 'not-found') throw error;
          lookAtTopics = true;
          throw new Rejection('unavailable', 'district-topic-missing', `The topic of ${district} is not there; it is made again.`, {
            cause: error,
          });
        }
        metrics.districtMessages.inc({ context, district }, batch.length);
      }),
    );
  };

  /** Sends what follows from objects' placements; on record before, where it may arrive, and after, where it did. */
  const publish = async (entries: ReadonlyMap<string, Entry>, placements: ReadonlyMap<string, readonly Placement[]>): Promise<void> => {
    const intents = new Map<string, Entry>();
    const done = new Map<string, Entry>();
    const outgoing: DistrictMessage[] = [];
    for (const [stream, steps] of placements) {
      const { messages: due, intent, entry } = place(messages, entries.get(stream), steps);
      if (intent) intents.set(stream, intent);
      if (entry.district === undefined) metrics.unplacedObjects.inc({ context });
      outgoing.push(...due);
      done.set(stream, entry);
    }
    await ledger.save(intents);
    await send(outgoing);
    await ledger.save(done);
  };

  const placement = (doc: ObjectDocument, tree: DistrictAreas): Placement => ({
    doc,
    district: tree.districtOf(doc.area),
    at: tree.since > doc.event.at ? tree.since : doc.event.at,
  });
  /** The areas that are carried out: whatever is placed is placed by these. */
  const present = (): DistrictAreas => areas.at(whole!.asOf);

  /** Brings the record of objects to what the model says of them. `again`: sends their state in any case. */
  const settle = async (docs: Iterable<DistrictDocument>, tree: DistrictAreas, again = false): Promise<void> => {
    const objects = [...docs].filter(isObject);
    const entries = await ledger.load(objects.map(({ stream }) => stream));
    const placements = new Map<string, readonly Placement[]>();
    for (const doc of objects) {
      const entry = entries.get(doc.stream);
      const placed = placement(doc, tree);
      const same = entry && entry.district === placed.district && entry.through >= doc.revision && !entry.towards;
      if (!same || again) placements.set(doc.stream, [placed]);
    }
    await publish(entries, placements);
  };

  /** Carries out what the districts' areas are at an instant: what changes hands is handed over before anything later. */
  const regroup = async (at: Instant): Promise<void> => {
    const before = whole!;
    const tree = areas.at(at > before.asOf ? at : before.asOf);
    const asOf = tree.since > before.asOf ? tree.since : before.asOf;
    const changed = changedPrefixes(before.areas, tree.prefixes);
    if (changed.length === 0) {
      whole = { ...before, asOf };
      return;
    }
    await makeTopics(Object.values(tree.prefixes));
    for (const prefix of changed) for await (const docs of docsWhere('area', { prefix })) await settle(docs, tree);
    whole = { ...whole!, asOf, areas: tree.prefixes };
    await ledger.saveWhole(whole);
  };

  /** Makes the topics that are missing; one that was lost gets the state of every object of its district again. */
  const makeTopics = async (districts: Iterable<string>): Promise<void> => {
    const topics = { ...whole!.topics };
    for (const district of new Set(districts)) {
      const { generation } = await bus.ensureTopic(districtTopicOf(district, context), { partitions: DISTRICT_PARTITIONS });
      if (topics[district] === generation) continue;
      if (topics[district] !== undefined) {
        for await (const streams of ledger.of(district)) {
          const docs = await reader.getMany(streams, 'everything');
          await settle(docs.values(), present(), true);
        }
      }
      topics[district] = generation;
      whole = { ...whole!, topics };
      await ledger.saveWhole(whole);
    }
  };

  /** Reads what is stored, at first and whenever others may have published; then nothing that the model knows is unsent. */
  const ready = async (): Promise<void> => {
    if (!whole) {
      const stored = await ledger.whole();
      areas.clear();
      for (const kind of [UNIT, REORGANISATION])
        for await (const docs of docsWhere('kind', { eq: kind })) for (const doc of docs) areas.put(doc.stream, doc);
      whole = stored;
      lookAtTopics = true;
    }
    await regroup(now());
    if (lookAtTopics) {
      await makeTopics([...Object.values(whole.areas), ...Object.keys(whole.topics)]);
      lookAtTopics = false;
    }
    const generation = await models.current(definition);
    if (generation !== undefined && generation !== whole.model) {
      let batch: DistrictDocument[] = [];
      for await (const { doc } of reader.all()) {
        if (batch.push(doc) < PAGE) continue;
        await settle(batch.splice(0), present());
      }
      await settle(batch, present());
      whole = { ...whole, model: generation };
      await ledger.saveWhole(whole);
    }
    for (const streams = [...left]; streams.length > 0;) {
      const some = streams.splice(0, PAGE);
      const docs = await reader.getMany(some, 'everything');
      await settle(docs.values(), present());
      for (const stream of some) left.delete(stream);
    }
  };
  const now = (): Instant => {
    const asOf = whole?.asOf ?? '';
    const at = options.now() ?? '';
    return asOf > at ? asOf : at;
  };

  /** What the events make of their objects, one placement per event, up to the first that the model cannot take in either. */
  const placementsOf = async (events: readonly PublishedEvent[], parked: ReadonlySet<string>) => {
    const streams = [...new Set(events.map(({ stream }) => stream))];
    if (streams.length === 0) return { entries: new Map<string, Entry>(), placements: new Map<string, Placement[]>() };
    const [docs, entries] = await Promise.all([reader.getMany(streams, 'everything'), ledger.load(streams)]);
    const latest = new Map(docs);
    const placements = new Map<string, Placement[]>();
    const broken = new Set(parked);
    for (const event of events) {
      const { stream, revision } = event;
      const doc = latest.get(stream);
      if (broken.has(stream) || (doc && doc.revision >= revision)) continue;
      let next: DistrictDocument | undefined;
      try {
        next = byId.get(`${event.context}.${event.type}`)?.project(doc, event);
      } catch {
        broken.add(stream);
        continue;
      }
      if (!next || next === doc || !isObject(next)) continue;
      latest.set(stream, next);
      if ((entries.get(stream)?.through ?? -1) >= revision) continue;
      placements.set(stream, [...(placements.get(stream) ?? []), placement(next, present())]);
    }
    return { entries, placements };
  };

  const applyObjects = async (sink: ModelSink, ...[events, ...rest]: Parameters<Sink['apply']>): Promise<void> => {
    const parked = sink.parkedKeys() === 0 ? [] : await sink.parked();
    const { entries, placements } = await placementsOf(events, new Set(parked.map(({ key }) => key)));
    await publish(entries, placements);
    sentThrough = new Map([...placements].map(([stream, steps]) => [stream, steps.at(-1)!.doc.revision]));
    await sink.apply(events, ...rest);
  };

  return {
    apply: (sink, events, ...rest) =>
      oneAtATime(async () => {
        await ready();
        let waiting: PublishedEvent[] = [];
        const flush = async (): Promise<void> => {
          if (waiting.length > 0) await applyObjects(sink, waiting, []);
          waiting = [];
        };
        for (const event of events) {
          if (movesAreas(event)) {
            await flush();
            await sink.apply([event], []);
            if (event.type !== 'ClockAdvanced') areas.put(event.stream, await reader.get(event.stream, 'everything'));
            const at = event.type === 'ClockAdvanced' ? (event.data as { to: Instant }).to : event.at;
            await regroup(at > now() ? at : now());
          } else {
            // Other areas hold since the event before: they are carried out first.
            if (areas.at(event.at).since > whole!.asOf) {
              await flush();
              await regroup(event.at);
            }
            waiting.push(event);
          }
        }
        await applyObjects(sink, waiting, ...rest);
      }),
    applied(changes) {
      for (const { id, doc } of changes) {
        const { revision, state } = (doc ?? {}) as Partial<DistrictDocument>;
        if (state !== undefined && (sentThrough.get(id) ?? -1) < (revision ?? 0)) left.add(id);
      }
    },
    begin() {
      whole = undefined;
    },
    async follow(signal) {
      const until = linkedController(signal);
      const { lookEveryMs = 1_000 } = options;
      let looks = 0;
      while (!until.signal.aborted) {
        if (++looks % 60 === 0) lookAtTopics = true;
        await oneAtATime(ready).catch(() => undefined);
        await pause(lookEveryMs, until.signal);
      }
      until.release();
    },
  };
};
