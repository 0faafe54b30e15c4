import { parseStream } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import {
  reorganisationDocument,
  reorganisationHandlers,
  unitDocument,
  unitHandlers,
  type ReorganisationDocument,
  type UnitDocument,
} from '@sanwang/identity';
import type { Document, ModelDefinition, ModelHandler } from '@sanwang/read-model';
import { z } from 'zod';
import type { DistrictDeclaration, Placed } from './declare.ts';

const lastEvent = z.object({ id: z.string(), type: z.string(), at: z.string(), position: z.int() });

/** An object as the bureaus may know it, or what tells the districts' areas: a unit, a reorganisation. */
const document = z.object({
  stream: z.string(),
  kind: z.string(),
  area: z.string().exactOptional(),
  state: z.custom<Placed>().exactOptional(),
  event: lastEvent.exactOptional(),
  unit: unitDocument.exactOptional(),
  reorganisation: reorganisationDocument.exactOptional(),
  revision: z.int(),
});
export type DistrictDocument = z.infer<typeof document>;
/** The document of an object. */
export type ObjectDocument = DistrictDocument & Required<Pick<DistrictDocument, 'area' | 'state' | 'event'>>;
export const isObject = (doc: DistrictDocument): doc is ObjectDocument => doc.state !== undefined;

export const UNIT = '$unit';
export const REORGANISATION = '$reorganisation';
/** Events on which the districts' areas may be others than before. */
export const movesAreas = ({ context }: Pick<PublishedEvent, 'context'>): boolean => context === 'directory';

const unitHandler = (handler: ModelHandler<UnitDocument>): ModelHandler<DistrictDocument> => ({
  id: ({ stream }) => stream,
  project(doc, event) {
    const unit = handler.project(doc?.unit, event);
    return unit && { stream: event.stream, kind: UNIT, unit, revision: event.revision };
  },
});
const reorganisationHandler = (handler: ModelHandler<ReorganisationDocument>): ModelHandler<DistrictDocument> => ({
  id: ({ stream }) => stream,
  project(doc, event) {
    const reorganisation = handler.project(doc?.reorganisation, event);
    return reorganisation && { stream: event.stream, kind: REORGANISATION, reorganisation, revision: event.revision };
  },
});
const mapValues = <From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
const unchanged: ModelHandler<DistrictDocument> = { id: ({ stream }) => stream, project: (doc) => doc };

/** The model behind a context's district topics: the public state of each object, and the units that tell whose it is. */
export const districtModel = ({ context, objects }: DistrictDeclaration): ModelDefinition<DistrictDocument> => {
  const byAggregate = new Map(objects.map((one) => [one.aggregate, one]));
  const object: ModelHandler<DistrictDocument> = {
    id: ({ stream }) => stream,
    project(doc, event) {
      const { kind, schema, on } = byAggregate.get(parseStream(event.stream).aggregate) ?? {};
      const next = on?.[event.type]?.(doc?.state, event.data, event.at);
      if (!schema || !kind || next === undefined) return doc;
      // Only what the schema names, and as it will be read again.
      const state = JSON.parse(JSON.stringify(schema.parse(next))) as Placed;
      const { id, type, at, position, stream, revision } = event;
      return { stream, kind, area: state.area, state, event: { id, type, at, position }, revision };
    },
  };
  const types = new Set(objects.flatMap(({ on }) => Object.keys(on)));
  return {
    context,
    name: 'district-objects',
    version: 1,
    kind: 'stream',
    schema: document,
    on: {
      ...Object.fromEntries([...types].map((type) => [`${context}.${type}`, object])),
      ...mapValues(unitHandlers, unitHandler),
      ...mapValues(reorganisationHandlers, reorganisationHandler),
      'directory.ReorganisationTookEffect': unchanged,
      'directory.ClockAdvanced': unchanged,
    },
    indexes: [
      { name: 'kind', fields: ['kind'] },
      { name: 'area', fields: ['area'] },
    ],
    notHashed: ['event'],
  };
};

const entry = z.object({
  stream: z.string().exactOptional(),
  /** Whose topic has the object; absent where its place lies in no district. */
  district: z.string().exactOptional(),
  since: z.string().exactOptional(),
  /** How often the object has changed hands. */
  moves: z.int().exactOptional(),
  /** Up to this revision of the stream everything was sent. */
  through: z.int(),
  /** Districts to which a broken-off attempt may have sent it. */
  towards: z.array(z.string()).exactOptional(),
  /** Of the one entry about the whole. */
  whole: z
    .object({
      asOf: z.string(),
      areas: z.record(z.string(), z.string()),
      model: z.string().exactOptional(),
      topics: z.record(z.string(), z.string()),
    })
    .exactOptional(),
});
export type Entry = z.infer<typeof entry>;
export type Whole = NonNullable<Entry['whole']>;

/** What was sent where. No fold of the log: when it is lost, every object's state is sent again. */
export const districtLedger = (context: string): ModelDefinition<Entry & Document> => ({
  context,
  name: 'district-publications',
  version: 1,
  kind: 'stream',
  schema: entry,
  on: {},
  indexes: [{ name: 'district', fields: ['district'] }],
});
