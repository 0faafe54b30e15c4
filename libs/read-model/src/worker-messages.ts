import { Rejection, type ErrorCode } from '@sanwang/kernel';
import type { Compared } from './compare.ts';
import type { RebuildProgress, TopicEnds } from './making.ts';

/** What a rebuild's worker thread is told: functions cannot be sent to it, so it imports an opener by name. */
export interface RebuildJob {
  /** URL of a module and the name of its export, a `RebuildOpener`, which is called with `args`. */
  readonly opener: { readonly module: string; readonly name: string; readonly args: unknown };
  /** Consumer names. */
  readonly models: readonly string[];
  readonly compare: boolean;
}

/** What the worker asks of the main thread, to which bus, relays and live models belong. */
export interface MainCalls {
  ends(context: string): Promise<TopicEnds>;
  /** A generation of the model was begun, or is gone on with: it is discarded when the worker fails. */
  created(model: string, generation: string): Promise<void>;
  /** Answers when the live model's consumer stands still. */
  standStill(model: string): Promise<void>;
  /** Swaps the finished generation in; answers when the consumer goes on. */
  exchange(model: string, generation: string): Promise<void>;
  hold(reached: ReadonlyMap<string, number>): Promise<{ upTo: ReadonlyMap<string, number>; behind: ReadonlyMap<string, WireError> }>;
  release(): Promise<void>;
}
export type MainCall = { [Name in keyof MainCalls]: { readonly name: Name; readonly args: Parameters<MainCalls[Name]> } }[keyof MainCalls];

export type WireCompared = Exclude<Compared, { readonly error: unknown }> | { readonly model: string; readonly error: WireError };
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: RebuildProgress & { readonly step: string } }
  | { readonly kind: 'call'; readonly id: number; readonly call: MainCall }
  | { readonly kind: 'done'; readonly events: number; readonly compared: readonly WireCompared[] }
  | { readonly kind: 'failed'; readonly error: WireError };
/** To the worker: one job at a time, the answers to its calls, and that the job is called off. */
export type MainMessage =
  | { readonly kind: 'job'; readonly job: RebuildJob }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: WireError }
  | { readonly kind: 'stop' };

/** An error on its way between threads, where it would lose its class. */
export interface WireError {
  readonly message: string;
  readonly rejection?: { readonly code: ErrorCode; readonly reason: string; readonly facts: Rejection['facts'] };
}
export const toWire = (error: unknown): WireError => ({
  message: error instanceof Error ? error.message : String(error),
  ...(error instanceof Rejection && { rejection: { code: error.code, reason: error.reason, facts: error.facts } }),
});
export const fromWire = ({ message, rejection }: WireError): Error =>
  rejection ? new Rejection(rejection.code, rejection.reason, message, { facts: rejection.facts }) : new Error(message);
