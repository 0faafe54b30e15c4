import { defineCatalogue, defineEvent, type Catalogue } from '@sanwang/kernel';
import { LOG_START, type EventStore, type Published, type PublishedEvent } from '@sanwang/event-store';
import { z } from 'zod';
import { createBell } from './bell.ts';

/** A context's part of a log, in memory: only what a relay needs of the log, and `published` over it. */
export const logDouble = (
  context: string,
  types: Readonly<Record<string, 'public' | 'private'>> = { Noted: 'public', Scribbled: 'private' },
) => {
  const events: PublishedEvent[] = [];
  const bell = createBell();
  const revisions = new Map<string, number>();
  let head = LOG_START;
  let fault: { readonly position: number; readonly error: Error } | undefined;

  const catalogue: Catalogue = defineCatalogue(
    context,
    Object.fromEntries(
      Object.entries(types).map(([type, visibility]) => [
        type,
        defineEvent(type, { visibility, description: 'For tests.', schema: z.strictObject({ n: z.number() }) }),
      ]),
    ),
  );
  const store: EventStore = {
    append: () => Promise.reject(new Error('not in the double')),
    readStream: () => Promise.reject(new Error('not in the double')),
    readAll: () => Promise.reject(new Error('not in the double')) as never,
    subscribe: () => Promise.reject(new Error('not in the double')) as never,
    head: async (prefix) => (prefix === '' ? head : (events.at(-1)?.position ?? LOG_START)),
    close: async () => undefined,
  };
  const published: Published = async function* (_log, _catalogue, { after, signal }) {
    let position = after;
    signal?.addEventListener('abort', () => bell.ring(), { once: true });
    while (!signal?.aborted) {
      if (position < head) {
        const limit = fault ? Math.min(head, fault.position - 1) : head;
        const page = events.filter((event) => event.position > position && event.position <= limit).slice(0, 100);
        position = page.length === 100 ? page.at(-1)!.position : limit;
        if (page.length > 0 || position > after) yield { events: page, position };
        if (fault && position >= fault.position - 1 && head >= fault.position) throw fault.error;
      } else if (!signal) return;
      else await bell.wait();
    }
  };

  return {
    catalogue,
    store,
    published,
    events,
    /** Appends one event; `n` is its data. */
    append(id: string, n: number, type = 'Noted', version = 1): PublishedEvent {
      const stream = `${context}.Thing-${id}`;
      const revision = (revisions.get(stream) ?? -1) + 1;
      revisions.set(stream, revision);
      const event: PublishedEvent = {
        context,
        type,
        version,
        visibility: types[type] ?? 'public',
        stream,
        id: `${stream}@${revision}`,
        revision,
        position: ++head,
        at: '2026-11-23T08:00:00.000Z',
        recordedAt: '2026-11-23T08:00:00.001Z',
        actor: 'officer.17',
        commandId: `command-${head}`,
        correlationId: `correlation-${head}`,
        data: { n },
      };
      events.push(event);
      bell.ring();
      return event;
    },
    /** Other contexts write to the log. */
    advance(by: number): void {
      head += by;
      bell.ring();
    },
    /** The log answers with an error from this position on. */
    failAt: (position: number, error: Error): void => void (fault = { position, error }),
    heal: (): void => void (fault = undefined),
  };
};
