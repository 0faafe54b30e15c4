import type { DomainEvent } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import type { Document, ModelHandler } from '@sanwang/read-model';

type DataOf<Event extends DomainEvent, Type> = Extract<Event, { readonly type: Type }>['data'];
/** What every document of a stream carries. */
type Revised = Document & { readonly revision: number };

/**
 * Handlers of the patrol net's own events, typed by the catalogue. `begin` makes the document, `change` gives the fields that an
 * event changes; what has no document stays without. The stream's revision goes along.
 */
export const projectOwn = <Event extends DomainEvent, Doc extends Revised>(handlers: {
  readonly begin: { readonly [Type in Event['type']]?: (data: DataOf<Event, Type>, event: PublishedEvent) => Omit<Doc, 'revision'> };
  readonly change: { readonly [Type in Event['type']]?: (data: DataOf<Event, Type>, doc: Doc, event: PublishedEvent) => Partial<Doc> };
}): Record<string, ModelHandler<Doc>> => {
  const on: Record<string, ModelHandler<Doc>> = {};
  for (const [type, begin] of Object.entries(handlers.begin) as [string, (data: unknown, event: PublishedEvent) => object][]) {
    on[`patrol.${type}`] = { project: (_doc, event) => ({ ...begin(event.data, event), revision: event.revision }) as Doc };
  }
  for (const [type, change] of Object.entries(handlers.change) as [string, (data: unknown, doc: Doc, event: PublishedEvent) => object][]) {
    on[`patrol.${type}`] = {
      project: (doc, event) => doc && { ...doc, ...change(event.data, doc, event), revision: event.revision },
    };
  }
  return on;
};
