import { NewerEvent, upcast, type Catalogue, type Instant } from '@sanwang/kernel';
import type { EventMetadata, EventReader, LogPage, StoredEvent } from './port.ts';

/**
 * An event as the relay sends it and every consumer gets it: upcast to the present version, personal fields still sealed.
 * `data` is parsed and upcast on first use only.
 */
export interface PublishedEvent {
  readonly context: string;
  readonly type: string;
  readonly version: number;
  readonly visibility: 'public' | 'private';
  readonly stream: string;
  readonly id: string;
  readonly revision: number;
  readonly position: number;
  readonly at: Instant;
  readonly recordedAt: Instant;
  readonly actor: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly data: unknown;
  /** The JSON text of `data` as it was recorded, from which it can be decoded again. */
  readonly rawData?: string;
  /** The version of `rawData`, where it is not `version`; absent, the text can be sent on as it is. */
  readonly rawVersion?: number;
}
export interface PublishedPage {
  readonly events: readonly PublishedEvent[];
  readonly position: number;
}

/**
 * A stored event as its readers get it. Throws `NewerEvent` when only a later release understands it. `data` is an own
 * property, so that the event can be copied, serialised and sent to another thread.
 */
export const toPublished = (stored: StoredEvent, catalogue: Catalogue): PublishedEvent => {
  const eventType = catalogue.types.get(stored.type);
  if (!eventType) throw new NewerEvent(`${catalogue.context}.${stored.type} is not known to this release`);
  const metadata = JSON.parse(stored.metadata) as EventMetadata;
  if (metadata.version > eventType.version) {
    throw new NewerEvent(`${catalogue.context}.${stored.type} has version ${metadata.version}; this release knows ${eventType.version}`);
  }
  let parsed: { readonly data: unknown } | undefined;
  return {
    context: catalogue.context,
    type: stored.type,
    version: eventType.version,
    visibility: eventType.visibility,
    stream: stored.stream,
    id: stored.id,
    revision: stored.revision,
    position: stored.position,
    at: metadata.at,
    recordedAt: metadata.recordedAt,
    actor: metadata.actor,
    commandId: metadata.commandId,
    correlationId: metadata.correlationId,
    ...(metadata.causationId !== undefined && { causationId: metadata.causationId }),
    ...(metadata.traceparent !== undefined && { traceparent: metadata.traceparent }),
    rawData: stored.data,
    ...(metadata.version !== eventType.version && { rawVersion: metadata.version }),
    get data() {
      parsed ??= { data: upcast(catalogue, stored.type, metadata.version, JSON.parse(stored.data)) };
      return parsed.data;
    },
  };
};

export interface PublishedOptions {
  readonly after: number;
  readonly publicOnly?: boolean;
  /** Passes over the other types that this release knows, undecoded; all when absent. */
  readonly types?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  readonly pageSize?: number;
}

/**
 * The one function that reads a prefix of the log, upcasts, and yields what the relay sends; the relay and every rebuild
 * call it. `publicOnly` is set when the reader belongs to another context: it then yields public types only, and passes
 * over types that its copy of the catalogue does not have. With `signal` it follows the log; without, it ends at the head
 * of the moment. What stands before a damaged record or a newer event is delivered; then it throws `data-loss/damaged-record` or `NewerEvent`.
 */
export type Published = (log: EventReader, catalogue: Catalogue, options: PublishedOptions) => AsyncIterable<PublishedPage>;

export const published: Published = async function* (log, catalogue, { after, publicOnly = false, types, signal, pageSize }) {
  const prefix = `${catalogue.context}.`;
  const pages = signal
    ? log.subscribe({ prefix, after, signal })
    : log.readAll({ prefix, after, ...(pageSize !== undefined && { pageSize }) });
  for await (const page of pages) {
    const events: PublishedEvent[] = [];
    try {
      for (const stored of wanted(page, catalogue, publicOnly, types)) events.push(toPublished(stored, catalogue));
    } catch (error) {
      if (events.length > 0) yield { events, position: events.at(-1)!.position };
      throw error;
    }
    yield { events, position: page.position };
  }
};

const wanted = (
  page: LogPage,
  catalogue: Catalogue,
  publicOnly: boolean,
  types: ReadonlySet<string> | undefined,
): readonly StoredEvent[] => {
  if (!publicOnly && !types) return page.events;
  return page.events.filter(({ type }) => {
    const known = catalogue.types.get(type);
    if (publicOnly && known?.visibility !== 'public') return false;
    return !known || !types || types.has(type);
  });
};
