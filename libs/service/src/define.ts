import type { Aggregate, Catalogue, Clock, DomainEvent, Instant } from '@sanwang/kernel';
import type { Attachments, CommandOutcome, Foldable, Loaded } from '@sanwang/event-store';
import type { Document, ModelDefinition, ModelReader, NamedAttachments } from '@sanwang/read-model';
import type { Access, Directory, PolicyRow, Principal } from '@sanwang/identity';
import type { Api, Call, Endpoint, MessageOf, ProtoService, ServerTls } from '@sanwang/rpc';
import type { Logger, Metrics } from '@sanwang/telemetry';
import type { Config } from './config.ts';
import type { DistrictDeclaration } from './district/declare.ts';

/** What a service's handlers work with. Everything is scoped to the service: its own streams, its own models. */
export interface ServiceContext {
  /**
   * Carries out a command on one of the service's aggregates for the caller: waits for the call's read tokens, loads,
   * decides, appends, retries on conflict, and recognises a repeat by the call's Idempotency-Key. `body` is the request.
   */
  execute<Command, Event extends DomainEvent, State>(
    call: Call,
    aggregate: Aggregate<Command, Event, State>,
    id: string,
    body: unknown,
    command: Command | ((state: State, at: Instant) => Command | Promise<Command>),
  ): Promise<CommandOutcome<State>>;
  /** The present state of one of the service's own aggregates: strongly consistent, for facts that a decision needs. */
  load<Event extends DomainEvent, State>(aggregate: Foldable<Event, State>, id: string): Promise<Loaded<State>>;
  /** Id for a new aggregate: follows from the caller, the method and the Idempotency-Key, so that a repeat finds it again. */
  newId(call: Call): string;
  /** A reader of one of the service's models. `await caughtUp(call, definition)` first where the call's read tokens must count. */
  reader<Doc extends Document>(definition: ModelDefinition<Doc>): ModelReader<Doc>;
  /** Waits, bounded by the call's deadline, until the model has passed the call's read tokens; `unavailable/model-behind` otherwise. */
  caughtUp(call: Call, definition: ModelDefinition): Promise<void>;
  /** The deployment as a whole; only the directory's own handlers have business with it. */
  readonly deployment: Deployment;
  readonly access: Access;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly attachments: Attachments;
}

/** What concerns all services of a deployment at once. */
export interface Deployment {
  /** True while the log holds no event: only then may a simulation begin. */
  logIsEmpty(): Promise<boolean>;
  /**
   * Waits until all is settled: relays at the log's head, consumers without lag (parked keys apart), due timers carried out,
   * the head unmoved meanwhile. `deadline-exceeded/not-settled` names what still moves.
   */
  settle(deadline: number): Promise<void>;
  /** Destroys the subject's key, after `SubjectErased` is in the log. */
  destroyKey(subject: string): Promise<void>;
}

/** What names attachments: where it lies, whose it is, and which they are. */
export interface Naming {
  readonly area: string;
  readonly unit: string;
  readonly owners: readonly string[];
  readonly attachments: readonly { readonly id: string }[];
}
/**
 * Where attachments are read: below the thing that names them, by those who may do `<context>.attachment.read` to it. `method`
 * answers the thing by its `id`; `path` has `{id}` and `{attachmentId}`; `of` is what documents call it, e.g. `visit 检查`.
 */
export interface AttachmentRoute {
  readonly path: string;
  readonly of: string;
  readonly service: ProtoService;
  readonly method: string;
  naming(response: unknown): Naming;
}
export const attachmentRoute = <Service extends ProtoService, Method extends keyof Service['methods'] & string>(route: {
  readonly path: string;
  readonly of: string;
  readonly service: Service;
  readonly method: Method;
  naming(response: MessageOf<Service['methods'][Method]['responseType']>): Naming;
}): AttachmentRoute => route as AttachmentRoute;

/** A service: a table of contents. Everything common to services is the frame's business. */
export interface ServiceDefinition {
  readonly context: string;
  /** Its event types; a service without events of its own (overview, gateway) has none. */
  readonly catalogue?: Catalogue;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly aggregates: readonly Aggregate<any, any, any>[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly models: readonly ModelDefinition<any>[];
  /** Rows beside those of the platform's policy table, for actions of the service's own context. */
  readonly policy?: readonly PolicyRow[];
  /** Which of its models knows the attachments that its events have named; without one, events of this context name none. */
  readonly attachments?: ModelDefinition<NamedAttachments>;
  /** Where the front door lets them be read. */
  readonly attachmentRoutes?: readonly AttachmentRoute[];
  /** What it tells the district bureaus, on topics of their own. */
  readonly district?: DistrictDeclaration;
  /** Its rpc services. */
  api(service: ServiceContext): readonly Api[];
  /** Descriptor set (google.protobuf.FileDescriptorSet) of its rpc services, where they are not part of `libs/contracts`. */
  descriptors?(): Uint8Array;
  /** What the service opens to the outside beside its rpc services; the gateway's front door. */
  serve?(house: House): Promise<FrontDoor>;
}

/** What a front door needs: every rpc service of the deployment, who calls, and how the house is doing. */
export interface House {
  /** The declarations behind the endpoints: for the documents that describe them. */
  readonly apis: readonly Api[];
  readonly endpoints: readonly Endpoint[];
  /** The descriptor sets that services bring along, beside that of `libs/contracts`. */
  readonly descriptors: readonly Uint8Array[];
  verify(token: string | undefined): Promise<Principal>;
  /** Present in a simulation: the simulated instant, shown in every answer. */
  simulatedNow(): Instant | undefined;
  readiness(): Readiness;
  /** What keeps the process from its work for good, so that only a new one helps. */
  stuck(): string | undefined;
  /** Of the gRPC door; absent: without TLS. */
  readonly tls?: ServerTls;
  readonly metrics: Metrics;
  readonly attachments: Attachments;
  /** Where attachments are read, by the context of the service that names them. */
  readonly attachmentRoutes: readonly (AttachmentRoute & { readonly context: string })[];
  readonly access: Access;
  readonly config: Config;
  readonly logger: Logger;
}
/** Ready, or what is not. */
export interface Readiness {
  readonly ready: boolean;
  readonly parts: readonly { readonly name: string; readonly ready: boolean; readonly message: string }[];
}
/** Listening; `drain` lets every accepted request be answered and takes no new one. */
export interface FrontDoor {
  readonly http: string;
  readonly grpc: string;
  drain(): Promise<void>;
}

export const defineService = (definition: ServiceDefinition): ServiceDefinition => definition;
