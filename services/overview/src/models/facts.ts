import { parseStream } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import type { Document, ModelHandler } from '@sanwang/read-model';

/** Another context's data, of which nothing is taken for granted: a recorded fact never stops a model. */
export type Facts = Readonly<Record<string, unknown>>;

export const factsOf = (event: PublishedEvent): Facts =>
  typeof event.data === 'object' && event.data !== null ? (event.data as Facts) : {};

/** A text of the facts, `undefined` when there is none of that name. */
export const textOf = (facts: Facts, field: string): string | undefined => {
  const value = facts[field];
  return typeof value === 'string' ? value : undefined;
};

export const textsOf = (facts: Facts, field: string): readonly string[] => {
  const value = facts[field];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
};

/** An object within the facts; empty when there is none. */
export const factsIn = (facts: Facts, field: string): Facts => {
  const value = facts[field];
  return typeof value === 'object' && value !== null ? (value as Facts) : {};
};

/** The id part of the event's stream. */
export const idOf = (event: PublishedEvent): string => parseStream(event.stream).id;

/** Changes a document that is there, and raises its revision; of one that is not there, nothing is known. */
export const changes = <Doc extends Document & { readonly revision: number }>(
  change: (facts: Facts, doc: Doc, event: PublishedEvent) => Partial<Doc>,
): ModelHandler<Doc> => ({
  project: (doc, event) => doc && { ...doc, ...change(factsOf(event), doc, event), revision: event.revision },
});
