import { createHash } from 'node:crypto';
import {
  published,
  sealChain,
  sealPersonal,
  type EventMetadata,
  type EventStore,
  type Keys,
  type UnchainedEvent,
} from '@sanwang/event-store';
import { parseStream, uuidv7, validateEvent, type Catalogue } from '@sanwang/kernel';
import { topicOf } from '@sanwang/messaging';
import { findServices, openEmbedded, type ServiceModule } from '@sanwang/platform';
import { rebuild, type RebuildSources } from '@sanwang/read-model';
import { modelsOf } from '@sanwang/service';
import type { NewStream } from './city.ts';

/** Appends that go to the log together. */
const AT_ONCE = 256;
const digest = createHash('sha256').update('bench').digest('hex');

/** Writes whole streams through the append port: validated, personal fields sealed, chained, as commands would have left them. */
export const appendStreams = async (
  ports: { readonly store: EventStore; readonly keys: Keys },
  catalogues: ReadonlyMap<string, Catalogue>,
  streams: Iterable<NewStream>,
): Promise<number> => {
  let written = 0;
  const one = async ({ stream, events }: NewStream): Promise<void> => {
    const { context } = parseStream(stream);
    const catalogue = catalogues.get(context)!;
    const types = events.map((event) => validateEvent(catalogue, event));
    const data = types.some(({ personal }) => personal.length > 0)
      ? await sealPersonal(
          ports.keys,
          events.map((event, n) => ({ type: `${context}.${event.type}`, data: event.data, paths: types[n]!.personal })),
        )
      : events.map((event) => event.data);
    const at = new Date().toISOString();
    const unchained = events.map(({ type, actor }, n): UnchainedEvent => {
      const metadata: EventMetadata = {
        version: types[n]!.version,
        at,
        recordedAt: at,
        actor,
        commandId: uuidv7(),
        bodyHmac: digest,
        correlationId: uuidv7(),
      };
      return { id: uuidv7(), type, data: JSON.stringify(data[n]), metadata: JSON.stringify(metadata) };
    });
    await ports.store.append(stream, 'no-stream', sealChain('no-stream', stream, unchained));
    written += events.length;
  };
  let group: Promise<void>[] = [];
  for (const stream of streams) {
    group.push(one(stream));
    if (group.length < AT_ONCE) continue;
    await Promise.all(group);
    group = [];
  }
  await Promise.all(group);
  return written;
};

export const cataloguesOf = (services: readonly ServiceModule[]): ReadonlyMap<string, Catalogue> =>
  new Map(services.flatMap(({ definition: { catalogue } }) => (catalogue ? [[catalogue.context, catalogue] as const] : [])));

/** Appends the streams to the log of a folder that nobody has open, and builds every read model anew. */
export const preload = async (
  folder: string,
  streams: Iterable<NewStream>,
): Promise<{ readonly events: number; readonly seconds: number }> => {
  const found = await findServices();
  const catalogues = cataloguesOf(found);
  const ports = await openEmbedded(folder);
  try {
    const begun = performance.now();
    const events = await appendStreams(ports, catalogues, streams);
    const seconds = (performance.now() - begun) / 1000;
    const sources: RebuildSources = {
      async ends(context) {
        const { topic, generation } = await ports.bus.ensureTopic(topicOf(context));
        return (await ports.bus.endOffsets(topic)).map((nextOffset, partition) => ({ topic, generation, partition, nextOffset }));
      },
      head: (context) => ports.store.head(`${context}.`),
      read: (context, how) => published(ports.store, catalogues.get(context)!, { ...how, pageSize: 2_000 }),
    };
    for (const { definition } of found) {
      for (const model of modelsOf(definition)) await rebuild({ definition: model, store: ports.models, keys: ports.keys, sources });
    }
    return { events, seconds };
  } finally {
    await ports.close();
  }
};
