import type { Catalogue } from '@sanwang/kernel';
import { knownTypes, startConsumer, type Sink } from '@sanwang/messaging';
import { projectionSink, type ModelDefinition, type ModelWrite } from '@sanwang/read-model';
import type { Figure } from '../report.ts';
import type { BenchServers } from './servers.ts';

const WITHIN_MS = 120_000;

/** Upserts the written documents, in the batches in which the model wrote them; seconds. */
const upserted = async ({ database }: BenchServers, batches: readonly ModelWrite['documents'][]): Promise<number> => {
  const target = database.collection<{ _id: string }>('floor');
  await target.insertOne({ _id: 'first' });
  const begun = performance.now();
  for (const batch of batches) {
    const operations = batch.map(({ id, ...content }) => ({
      replaceOne: { filter: { _id: id }, replacement: content, upsert: true },
    }));
    await target.bulkWrite(operations, { ordered: false });
  }
  return (performance.now() - begun) / 1000;
};

/** Events per second from the bus into a model that a consumer feeds, from its first batch to the last, beside bare upserts. */
export const projectionRate = async (
  servers: BenchServers,
  catalogues: readonly Catalogue[],
  definition: ModelDefinition,
): Promise<readonly Figure[]> => {
  const { bus, mongo } = servers;
  const live = await mongo.models.live(definition);
  const batches: ModelWrite['documents'][] = [];
  const watched: typeof live = {
    ...live,
    write(batch) {
      if (batch.documents.length > 0) batches.push(batch.documents);
      return live.write(batch);
    },
  };
  const known = knownTypes(catalogues);
  const sink = projectionSink(definition, watched, mongo.keys, {}, { known });
  let begun = 0;
  let ended = 0;
  let events = 0;
  const timed: Sink = {
    ...sink,
    async apply(taken, ...rest) {
      if (taken.length > 0) begun ||= performance.now();
      await sink.apply(taken, ...rest);
      if (taken.length > 0) ended = performance.now();
      events += taken.length;
    },
  };
  const stop = new AbortController();
  const consumer = startConsumer({ bus, sink: timed, ownContext: definition.context, known, signal: stop.signal });
  try {
    const until = Date.now() + WITHIN_MS;
    while (events === 0 || (await consumer.lag()) > 0) {
      if (Date.now() > until) throw new Error(`the model has taken in ${events} events in ${WITHIN_MS / 1000} s, and not all`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    stop.abort();
    await consumer.done;
  }
  const value = events / ((ended - begun) / 1000);
  const floor = events / (await upserted(servers, batches));
  return [
    {
      id: 'projection',
      name: 'projection, Kafka → MongoDB (events of the double)',
      unit: 'events/s',
      value,
      floor,
      ratio: value / floor,
      aim: null,
      met: null,
      beside: {
        'events (double)': events,
        'batches (double)': batches.length,
        'documents written (double)': batches.reduce((sum, batch) => sum + batch.length, 0),
      },
    },
  ];
};
