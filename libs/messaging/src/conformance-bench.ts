import { randomUUID } from 'node:crypto';
import { isRetriable } from '@sanwang/kernel';
import { it } from 'vitest';
import type { Bus, BusMessage, OutgoingMessage } from './port.ts';

/** A server with a bus open on it. `reopen` closes the bus and opens another on the same content. */
export interface BusFixture {
  readonly bus: Bus;
  reopen(): Promise<Bus>;
  /** Removes a topic behind the bus's back. */
  dropTopic(topic: string): Promise<void>;
  close(): Promise<void>;
}

/** What a conformance test works with: a bus, names that no other test uses, and consumers that end with the test. */
export interface Bench {
  readonly bus: Bus;
  readonly context: string;
  readonly topic: string;
  reopen(): Promise<Bus>;
  dropTopic(topic: string): Promise<void>;
  start(options?: Partial<Parameters<Bus['consume']>[0]>): { readonly received: BusMessage[]; stop(): Promise<void> };
  /** Publishes `rounds` messages of each of the forty keys, in rounds, from the relay's seat. */
  publishRounds(first: number, rounds: number): Promise<void>;
}
export type BenchTest = (title: string, run: (bench: Bench) => Promise<void>) => void;

/** How long a test waits (ms): a remote server may take its time. */
export const PATIENCE = 20_000;

export const message = (key: string, n: number): OutgoingMessage => ({
  key,
  headers: { ce_id: `${key}#${n}`, 'content-type': 'application/json', sanwang_position: String(n) },
  value: JSON.stringify({ n, text: '面馆 – “quoted”\n' }),
});
export const keys = Array.from({ length: 40 }, (_, index) => `patrol.Task-${index}`);
export const numbers = (messages: readonly BusMessage[], key: string): number[] =>
  messages.filter((one) => one.key === key).map(({ value }) => (JSON.parse(value) as { n: number }).n);
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Tests that each get a bench of their own. */
export const benchTest =
  (open: () => Promise<BusFixture>): BenchTest =>
  (title, run) =>
    it(title, async () => {
      const fixture = await open();
      let { bus } = fixture;
      const context = `c${randomUUID().slice(0, 8)}`;
      const topic = `sanwang.${context}.v1`;
      const stops: (() => Promise<void>)[] = [];
      try {
        await run({
          bus,
          context,
          topic,
          reopen: async () => (bus = await fixture.reopen()),
          dropTopic: (name) => fixture.dropTopic(name),
          start(options = {}) {
            const received: BusMessage[] = [];
            const next = new Map<string, number>();
            const generations = new Map<string, string>();
            const abort = new AbortController();
            const placeOf = (name: string, partition: number): string => `${name}/${generations.get(name)}/${partition}`;
            const whole: Parameters<Bus['consume']>[0] = {
              group: randomUUID(),
              topics: [topic],
              async from(info, partition) {
                generations.set(info.topic, info.generation);
                return next.get(placeOf(info.topic, partition)) ?? 0;
              },
              async handle(messages) {
                received.push(...messages);
                for (const one of messages) next.set(placeOf(one.topic, one.partition), one.offset + 1);
              },
              signal: abort.signal,
              ...options,
            };
            const untilStopped = async (): Promise<void> => {
              while (!abort.signal.aborted) {
                await bus.consume(whole).catch((error: unknown) => {
                  if (!isRetriable(error)) throw error;
                });
              }
            };
            const done = untilStopped();
            const stop = async (): Promise<void> => {
              abort.abort();
              await done;
            };
            stops.push(stop);
            return { received, stop };
          },
          async publishRounds(first, rounds) {
            const seat = await bus.relaySeat(context, topic, AbortSignal.timeout(PATIENCE));
            for (let n = first; n < first + rounds; n++) {
              await seat.publish(
                keys.map((key) => message(key, n)),
                n,
              );
            }
            await seat.leave();
          },
        });
      } finally {
        for (const stop of stops) await stop();
        await fixture.close();
      }
    });
