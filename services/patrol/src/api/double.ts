import type { AttachmentInfo, CommandOutcome, Foldable, PublishedEvent } from '@sanwang/event-store';
import { createAccess, createDirectoryView, type Principal } from '@sanwang/identity';
import { fold, validateEvent, type Aggregate, type DomainEvent, type Instant } from '@sanwang/kernel';
import type { Document, FieldFilter, ModelDefinition, ModelReader, QueryScope } from '@sanwang/read-model';
import type { Call, Handler } from '@sanwang/rpc';
import type { ServiceContext } from '@sanwang/service';
import { catalogue } from '../catalogue.ts';
import { patrol } from '../patrol.ts';

// A double of the service's frame for tests: streams and models in memory, projected at once; directory and policy are the real ones.

const visible = (definition: ModelDefinition, doc: Document, scope: QueryScope): boolean => {
  const { area, unit, owner } = definition.scope ?? {};
  if (scope === 'everything' || !definition.scope) return true;
  const owners = owner === undefined ? [] : [doc[owner]].flat();
  return (
    (area !== undefined && scope.areas.some((prefix) => String(doc[area]).startsWith(prefix))) ||
    (unit !== undefined && scope.units.includes(String(doc[unit]))) ||
    (scope.owner !== undefined && owners.includes(scope.owner))
  );
};

const fits = (doc: Document, { field, eq, prefix, gte, lte }: FieldFilter): boolean => {
  const value = doc[field];
  if (eq !== undefined && ![value].flat().includes(eq)) return false;
  if (prefix !== undefined && !String(value).startsWith(prefix)) return false;
  if (gte !== undefined && !(value !== undefined && String(value) >= String(gte))) return false;
  return lte === undefined || (value !== undefined && String(value) <= String(lte));
};

export const patrolDouble = () => {
  const streams = new Map<string, DomainEvent[]>();
  const stored = new Map<string, Map<string, Document>>();
  const answered = new Map<string, CommandOutcome<unknown>>();
  const attached = new Map<string, AttachmentInfo>();
  let now: Instant = '2012-03-01T15:00:00.000Z';
  let position = 0;
  let made = 0;
  const directory = createDirectoryView({ now: () => now });
  const access = createAccess(directory);

  const documents = (definition: ModelDefinition): Map<string, Document> => {
    const present = stored.get(definition.name) ?? new Map<string, Document>();
    stored.set(definition.name, present);
    return present;
  };
  const project = (context: string, stream: string, revision: number, event: DomainEvent): void => {
    const published: PublishedEvent = {
      context,
      stream,
      revision,
      type: event.type,
      data: JSON.parse(JSON.stringify(event.data)) as unknown,
      at: now,
      recordedAt: now,
      version: 1,
      visibility: 'public',
      id: `${stream}@${revision}`,
      position: position++,
      actor: '',
      commandId: '',
      correlationId: '',
    };
    for (const model of patrol.models as readonly ModelDefinition[]) {
      const handler = model.on[`${context}.${event.type}`];
      if (!handler) continue;
      const id = handler.id?.(published) ?? stream.slice(stream.indexOf('-') + 1);
      const doc = handler.project(documents(model).get(id), published);
      if (doc) documents(model).set(id, model.schema.parse(JSON.parse(JSON.stringify(doc))));
      else documents(model).delete(id);
    }
  };
  const historyOf = (aggregate: Pick<Foldable<DomainEvent, unknown>, 'context' | 'name'>, id: string) => {
    const name = `${aggregate.context}.${aggregate.name}-${id}`;
    return { name, events: streams.get(name) ?? [] };
  };

  const service: ServiceContext = {
    async execute<Command, Event extends DomainEvent, State>(
      call: Call,
      aggregate: Aggregate<Command, Event, State>,
      id: string,
      _body: unknown,
      command: Command | ((state: State, at: Instant) => Command | Promise<Command>),
    ): Promise<CommandOutcome<State>> {
      const repeated = answered.get(call.idempotencyKey ?? '') as CommandOutcome<State> | undefined;
      if (repeated) return { ...repeated, repeated: true };
      const { name, events } = historyOf(aggregate, id);
      const state = fold(aggregate, events as Event[]);
      const decide = typeof command === 'function' ? (command as (state: State, at: Instant) => Command | Promise<Command>) : () => command;
      const added = aggregate.decide(await decide(state, now), state);
      for (const event of added) validateEvent(catalogue, event);
      streams.set(name, [...events, ...added]);
      added.forEach((event, index) => project('patrol', name, events.length + index, event));
      const revision = events.length + added.length - 1;
      const outcome = { id, stream: name, revision, position, readToken: `token-${position}`, appended: added.length, repeated: false };
      const answer = { ...outcome, state: fold(aggregate, [...(events as Event[]), ...added]) };
      if (call.idempotencyKey !== undefined) answered.set(call.idempotencyKey, answer);
      return answer;
    },
    async load<Event extends DomainEvent, State>(aggregate: Foldable<Event, State>, id: string) {
      const { events } = historyOf(aggregate, id);
      return { state: fold(aggregate, events as Event[]), revision: events.length - 1 };
    },
    newId: () => `new-${++made}`,
    caughtUp: async () => {},
    reader: <Doc extends Document>(typed: ModelDefinition<Doc>) => {
      const definition = typed as unknown as ModelDefinition;
      const reader: Pick<ModelReader, 'get' | 'query'> = {
        async get(id, scope) {
          const doc = documents(definition).get(id);
          return doc && visible(definition, doc, scope) ? doc : undefined;
        },
        async query({ where = [], scope, limit }) {
          const found = [...documents(definition).values()].filter((doc) => visible(definition, doc, scope));
          return { items: found.filter((doc) => where.every((filter) => fits(doc, filter))).slice(0, limit) };
        },
      };
      return reader as ModelReader<Doc>;
    },
    deployment: { logIsEmpty: async () => streams.size === 0, settle: async () => {}, destroyKey: async () => {} },
    access,
    directory,
    clock: { now: () => now },
    attachments: { info: async (id: string) => attached.get(id) } as ServiceContext['attachments'],
  };
  const api = patrol.api(service)[0]!;

  return {
    api,
    streams,
    setClock: (at: Instant) => void (now = at),
    attach: (info: AttachmentInfo) => void attached.set(info.id, info),
    /** Lets the patrol net see another context's event. */
    see: (context: string, stream: string, type: string, data: unknown) => project(context, `${context}.${stream}`, 0, { type, data }),
    units: (...units: readonly Document[]) =>
      directory.apply(
        'directory-units',
        units.map((unit) => ({ id: String(unit['code']), doc: { validFrom: '2010-01-01', areas: [], revision: 0, ...unit } })),
      ),
    officers: (...officers: readonly Document[]) =>
      directory.apply(
        'directory-officers',
        officers.map((officer) => ({ id: String(officer['id']), doc: { active: true, duties: [], revision: 0, ...officer } })),
      ),
    calendarYear: (calendar: string, year: number) =>
      directory.apply('directory-calendars', [{ id: `${calendar}-${year}`, doc: { calendar, year, days: [], revision: 0 } }]),
    /** Calls as the transports do: the schema first. */
    async call(as: string, method: string, request: object, idempotencyKey?: string): Promise<Record<string, unknown>> {
      const handler: Handler | undefined = api.handlers[method];
      if (!handler) throw new Error(`no rpc ${method}`);
      const principal: Principal = { subject: as, kind: 'officer' };
      const key = idempotencyKey === undefined ? {} : { idempotencyKey };
      const call: Call = { principal, method, readTokens: [], correlationId: 'c', deadline: Date.now() + 1000, ...key };
      return (await handler.handle(handler.request.parse(request), call)) as Record<string, unknown>;
    },
  };
};
