import { randomUUID } from 'node:crypto';
import { idFrom, Rejection, type Catalogue, type Clock } from '@sanwang/kernel';
import { createCommandHandler, published, type Attachments, type CommandContext, type EventStore, type Keys } from '@sanwang/event-store';
import { knownTypes, partitionOf, startRelay, whileHeld, type Bus, type Leases, type Relay } from '@sanwang/messaging';
import {
  consumerGroup,
  timersModel,
  type ModelDefinition,
  type ModelReader,
  type ModelStore,
  type StreamTimers,
  type Timers,
} from '@sanwang/read-model';
import { createAccess, createDirectoryView, directoryModels, policyTable, type PolicyRow } from '@sanwang/identity';
import type { Api, Call, Handler } from '@sanwang/rpc';
import { observeCommands, type Logger, type Metrics } from '@sanwang/telemetry';
import type { Deployment, Readiness, ServiceContext, ServiceDefinition } from './define.ts';
import { catchUp } from './catch-up.ts';
import { districtModel, openDistrictPublisher } from './district/index.ts';
import { awaitTokens } from './read-tokens.ts';
import { startServiceTimers } from './service-timers.ts';
import { startModel, type RunningModel } from './running-model.ts';
import { watchForStalls } from './stall-watch.ts';

/** What a service runs on: one deployment's ports, and what this way of running adds. */
export interface ServiceParts {
  readonly store: EventStore;
  readonly keys: Keys;
  readonly bus: Bus;
  readonly models: ModelStore;
  readonly attachments: Attachments;
  readonly deployment: Deployment;
  readonly leases: Leases;
  /** Names this instance of the service, where others of it may run beside it; absent: it is the only one. */
  readonly instance?: string;
  /** Why commands are refused and no timer fires at the moment, such as a clock that is off. */
  obstacle?(): Rejection | undefined;
  /** The wall clock; only tests and simulations' tests give another. */
  readonly wall: Clock;
  /** The catalogues of all contexts: a consumer upcasts what older releases published. */
  readonly catalogues: readonly Catalogue[];
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A service at work. */
export interface RunningService {
  readonly definition: ServiceDefinition;
  readonly context: ServiceContext;
  readonly apis: readonly Api[];
  readonly models: readonly RunningModel[];
  readonly relay: Relay | undefined;
  /** Its aggregates set timers, which one instance fires. */
  readonly setsTimers: boolean;
  /** Fires the service's timers; `undefined` while another instance does, or when it has none. */
  readonly timers: Timers | undefined;
  readiness(): Readiness['parts'];
  /** Resolves when the service's copy of the directory has once caught up with the bus; only then is it ready. */
  readonly caughtUp: Promise<void>;
  /** Stops timers, consumers and relay after what they have in hand. */
  stop(): Promise<void>;
}

/** How often an instance looks whether another has changed what they share, ms. */
const LOOK_EVERY_MS = 1_000;

/** Every model of a service: its own, its copy of the directory, its timers. */
export const modelsOf = (definition: ServiceDefinition): readonly ModelDefinition[] => [
  ...(definition.models as readonly ModelDefinition[]),
  ...(directoryModels(definition.context) as readonly ModelDefinition[]),
  ...timersOf(definition),
  ...(definition.district ? [districtModel(definition.district) as unknown as ModelDefinition] : []),
];

const timersOf = ({ catalogue, aggregates }: ServiceDefinition): readonly ModelDefinition[] => {
  const model = catalogue && timersModel(catalogue, aggregates);
  return model ? [model as ModelDefinition] : [];
};

/** The platform's policy and the service's own rows; those may speak of its own actions only. */
const policyOf = ({ context, policy = [] }: ServiceDefinition): readonly PolicyRow[] => {
  const foreign = policy.find(({ action }) => !action.startsWith(`${context}.`));
  if (foreign) throw new Error(`${context} must not grant ${foreign.action}`);
  return [...policyTable, ...policy];
};

const contextOf = (call: Call, body: unknown): CommandContext => ({
  actor: call.principal.subject,
  method: call.method,
  ...(call.idempotencyKey !== undefined && { idempotencyKey: call.idempotencyKey }),
  body,
  ...(call.expectedRevision !== undefined && { expectedRevision: call.expectedRevision }),
  correlationId: call.correlationId,
  ...(call.traceparent !== undefined && { traceparent: call.traceparent }),
});

/** Starts a service on a deployment's ports: relay, models, directory copy, timers, and its rpc services. */
export const startService = async (definition: ServiceDefinition, parts: ServiceParts): Promise<RunningService> => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const directory = createDirectoryView(parts.wall);
  const copyNames = new Set<string>(directoryModels(definition.context).map((model) => model.name));
  const knowledge = knownTypes(parts.catalogues);
  const definitions = modelsOf(definition);
  const timersName = timersOf(definition)[0]?.name;
  const obstacle = (): Rejection | undefined => parts.obstacle?.();
  const shared = parts.instance !== undefined;
  let timers: Timers | undefined;

  const publishes = definition.district && districtModel(definition.district);
  const publisher =
    publishes &&
    (await openDistrictPublisher({
      ...parts,
      declaration: definition.district!,
      definition: publishes,
      now: () => directory.deployment() && directory.clock.now(),
    }));

  const models = await Promise.all(
    definitions.map((model) =>
      startModel(model, {
        ...parts,
        ...(publisher && model.name === publishes.name && { publisher }),
        ownContext: definition.context,
        known: knowledge,
        signal,
        ...(shared && { lookEveryMs: LOOK_EVERY_MS }),
        // Every instance has a copy of the directory of its own, so each must see every change.
        ...(shared && copyNames.has(model.name) && { group: `${consumerGroup(model)}.${parts.instance}` }),
        onApplied: (changes) => {
          if (copyNames.has(model.name)) directory.apply(model.name, changes);
          if (model.name === timersName) timers?.wake();
        },
        async onSwapped() {
          if (copyNames.has(model.name)) await directory.load([await parts.models.reader(model)]);
          if (model.name === timersName) timers?.wake();
        },
      }),
    ),
  );
  await directory.load(models.filter((model) => copyNames.has(model.definition.name)).map((model) => model.reader));

  const catalogue = definition.catalogue;
  const relay = catalogue && startRelay({ store: parts.store, catalogue, published, bus: parts.bus, signal });
  const commands =
    catalogue &&
    observeCommands(
      createCommandHandler({
        store: parts.store,
        keys: parts.keys,
        catalogue,
        clock: directory.clock,
        partitionOf: (stream) => partitionOf(stream),
      }),
      parts.metrics,
    );
  const write = (): NonNullable<typeof commands> => {
    if (!commands) throw new Error(`${definition.context} has no events of its own`);
    return commands;
  };
  const byName = new Map(models.map((model) => [model.definition.name, model]));
  const running = (model: { readonly name: string }): RunningModel => {
    const found = byName.get(model.name);
    if (!found) throw new Error(`${definition.context} does not declare the model ${model.name}`);
    return found;
  };

  const context: ServiceContext = {
    execute: (call, aggregate, id, body, command) => write().execute(aggregate, id, command, contextOf(call, body)),
    load: (aggregate, id) => write().load(aggregate, id),
    newId: (call) => idFrom('new', call.principal.subject, call.method, call.idempotencyKey ?? randomUUID()),
    reader: ((model: ModelDefinition) => running(model).reader) as ServiceContext['reader'],
    caughtUp: (call, model) => awaitTokens([running(model)], call.readTokens, call.deadline),
    deployment: parts.deployment,
    access: createAccess(directory, policyOf(definition)),
    directory,
    clock: directory.clock,
    attachments: parts.attachments,
  };

  /** What a decision takes from elsewhere, and from who the caller is: what other contexts' events feed, and the directory's copies. */
  const facts = models.filter(
    ({ definition: model }) =>
      copyNames.has(model.name) || Object.keys(model.on).some((type) => !type.startsWith(`${definition.context}.`)),
  );
  /**
   * Nobody has a duty before the directory is known. A command works with copies of what other contexts know: they must have
   * seen what the caller has seen.
   */
  const withFacts = (handler: Handler): Handler => ({
    ...handler,
    async handle(request, call) {
      if (!known.reached()) {
        throw new Rejection(
          'unavailable',
          'directory-behind',
          `${definition.context} has not yet caught up with the directory; try again.`,
        );
      }
      if (handler.kind === 'command') {
        const refusal = obstacle();
        if (refusal) throw refusal;
        await awaitTokens(facts, call.readTokens, call.deadline);
      }
      return handler.handle(request, call);
    },
  });
  const apis = definition.api(context).map((api) => ({
    ...api,
    handlers: Object.fromEntries(Object.entries(api.handlers).map(([name, handler]) => [name, withFacts(handler)])),
  }));

  const copies = models.filter((model) => copyNames.has(model.definition.name));
  const known = catchUp(parts, copies, signal);
  // Before the copy knows what the clock is, nothing may be thought due.
  const firing = known.done.then(() => {
    if (timersName === undefined) return;
    const reader = byName.get(timersName)!.reader as ModelReader<StreamTimers>;
    return whileHeld(parts.leases, `timers:${definition.context}`, signal, async (until) => {
      timers = startServiceTimers(definition, {
        reader,
        commands: write(),
        clock: directory.clock,
        signal: until,
        logger: parts.logger,
        held: () => obstacle() !== undefined,
        ...(shared && { lookEveryMs: LOOK_EVERY_MS }),
      });
      await timers.done;
      timers = undefined;
    });
  });
  const stalls = watchForStalls(models, parts.bus, signal);
  const offClock = directory.onClock(() => timers?.wake());

  return {
    definition,
    context,
    apis,
    models,
    relay,
    setsTimers: timersName !== undefined,
    get timers() {
      return timers;
    },
    caughtUp: known.done,
    readiness: () => [
      { name: `${definition.context}.directory`, ready: known.reached(), message: known.reached() ? 'caught up once' : 'catching up' },
      ...models.map(({ consumer }) => {
        const { name, state, message } = consumer.status();
        const since = stalls.stalledSince(name);
        if (since === undefined) return { name, ready: state === 'running', message: message ?? state };
        return { name, ready: false, message: `behind, and has not moved since ${new Date(since).toISOString()}` };
      }),
      ...(relay
        ? [
            {
              name: `${definition.context}.relay`,
              // A verification holds the relay for a while, or another instance publishes; commands and queries go on.
              ready: ['running', 'held', 'waiting'].includes(relay.status().state),
              message: relay.status().message ?? relay.status().state,
            },
          ]
        : []),
    ],
    async stop() {
      offClock();
      stopping.abort();
      await Promise.all([firing, relay?.done, ...models.map((model) => model.consumer.done)]);
    },
  };
};
