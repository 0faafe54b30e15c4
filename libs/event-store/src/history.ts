import { NewerEvent, Rejection, upcast, type Catalogue, type DomainEvent } from '@sanwang/kernel';
import type { Keys } from './keys.ts';
import { openPersonal } from './personal.ts';
import type { EventMetadata, StoredEvent } from './port.ts';

/** A stream as a decider folds it: present version, personal fields opened; `metadata[i]` belongs to `events[i]`. */
export interface History<Event extends DomainEvent> {
  readonly events: readonly Event[];
  readonly metadata: readonly EventMetadata[];
}

const unreadable = (stored: StoredEvent, detail: { readonly cause?: unknown; readonly expected?: string }): Rejection =>
  new Rejection(
    'data-loss',
    'event-unreadable',
    `The ${stored.type} at position ${stored.position} (${stored.stream}, revision ${stored.revision}) does not fit its type${detail.expected ? `: ${detail.expected}` : ''}.`,
    { facts: { position: stored.position, stream: stored.stream, revision: stored.revision }, cause: detail.cause },
  );

const asHistoryFailure = (stored: StoredEvent, error: unknown): unknown => {
  if (error instanceof Rejection) return error;
  if (error instanceof NewerEvent) {
    return new Rejection('unavailable', 'event-newer-than-release', `${error.message}: another instance may carry out the command.`, {
      cause: error,
    });
  }
  return unreadable(stored, { cause: error });
};

/**
 * Decodes a stream: upcast, personal fields opened with one key look-up, checked against the schemas (which also supply
 * defaults). Throws `data-loss/event-unreadable` with the position, `unavailable/event-newer-than-release`.
 */
export const readHistory = async <Event extends DomainEvent>(
  stored: readonly StoredEvent[],
  catalogue: Catalogue,
  keys: Pick<Keys, 'find'>,
): Promise<History<Event>> => {
  const metadata: EventMetadata[] = [];
  const data: unknown[] = [];
  const sealed: number[] = [];
  for (const [index, event] of stored.entries()) {
    try {
      const read = JSON.parse(event.metadata) as EventMetadata;
      metadata.push(read);
      data.push(upcast(catalogue, event.type, read.version, JSON.parse(event.data)));
      if (catalogue.types.get(event.type)!.personal.length > 0) sealed.push(index);
    } catch (error) {
      throw asHistoryFailure(event, error);
    }
  }
  if (sealed.length > 0) {
    const opened = await openPersonal(
      keys,
      sealed.map((index) => {
        const { type } = stored[index]!;
        return { type: `${catalogue.context}.${type}`, data: data[index], paths: catalogue.types.get(type)!.personal };
      }),
    );
    for (const [n, index] of sealed.entries()) data[index] = opened[n];
  }
  const events = stored.map((event, index): Event => {
    const result = catalogue.types.get(event.type)!.schema.safeParse(data[index]);
    if (!result.success) {
      const issue = result.error.issues[0]!;
      throw unreadable(event, { cause: result.error, expected: `${issue.path.join('.')}: ${issue.message}` });
    }
    return { type: event.type, data: result.data } as Event;
  });
  return { events, metadata };
};
