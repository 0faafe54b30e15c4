import { parseStream, type Aggregate, type Catalogue, type Instant } from '@sanwang/kernel';
import { z } from 'zod';
import type { ModelDefinition, ModelHandler } from './port.ts';

/** The timers that stand on one stream; the document is removed with the last. */
const timersSchema = z.object({
  stream: z.string(),
  timers: z.array(z.object({ name: z.string(), due: z.string() })).readonly(),
  /** The earliest due instant. */
  nextDue: z.string(),
});
export type StreamTimers = Readonly<z.infer<typeof timersSchema>>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type TimedAggregate = Pick<Aggregate<any, any, any>, 'context' | 'name' | 'timers'>;

/** The model of what is due in one context, from its aggregates' own events alone; `undefined` when none sets timers. */
export const timersModel = (catalogue: Catalogue, aggregates: readonly TimedAggregate[]): ModelDefinition<StreamTimers> | undefined => {
  const timed = new Map(aggregates.filter(({ timers }) => timers).map((aggregate) => [aggregate.name, aggregate.timers!]));
  if (timed.size === 0) return undefined;
  const handler: ModelHandler<StreamTimers> = {
    id: (event) => event.stream,
    project(doc, event) {
      const changes = timed.get(parseStream(event.stream).aggregate)?.({ type: event.type, data: event.data }) ?? [];
      if (changes.length === 0) return doc;
      const standing = new Map<string, Instant>(doc?.timers.map(({ name, due }) => [name, due]));
      for (const change of changes) {
        if ('due' in change) standing.set(change.name, change.due);
        else standing.delete(change.name);
      }
      const timers = [...standing]
        .map(([name, due]) => ({ name, due }))
        .sort((left, right) => (left.due < right.due || (left.due === right.due && left.name < right.name) ? -1 : 1));
      return timers[0] ? { stream: event.stream, timers, nextDue: timers[0].due } : undefined;
    },
  };
  return {
    context: catalogue.context,
    name: 'timers',
    version: 1,
    kind: 'stream',
    schema: timersSchema,
    on: Object.fromEntries([...catalogue.types.keys()].map((type) => [`${catalogue.context}.${type}`, handler])),
    indexes: [{ name: 'due', fields: ['nextDue'] }],
  };
};
