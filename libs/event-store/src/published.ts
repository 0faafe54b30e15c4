import type { Catalogue, Instant } from '@sanwang/kernel';
import type { EventStore } from './port.ts';

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
  /** The JSON text of `data` where the reader has it at hand (no upcast was needed), so that it need not be made again. */
  readonly dataJson?: string;
}
export interface PublishedPage {
  readonly events: readonly PublishedEvent[];
  readonly position: number;
}

/**
 * The one function that reads a prefix of the log, upcasts, and yields what the relay sends; the relay and every rebuild
 * call it. `publicOnly` is set when the reader belongs to another context: it then yields public types only. With
 * `signal` it follows the log; without, it ends at the head of the moment. Throws `NewerEvent` at what a later release wrote.
 */
export type Published = (
  log: EventStore,
  catalogue: Catalogue,
  options: { readonly after: number; readonly publicOnly?: boolean; readonly signal?: AbortSignal },
) => AsyncIterable<PublishedPage>;
