import { NewerEvent, Rejection } from '@sanwang/kernel';
import type { ReadToken } from '@sanwang/event-store';
import { aborted, backoffMs, DEFAULT_BACKOFF, linkedController, pause, type Backoff } from './backoff.ts';
import { createIntake } from './intake.ts';
import type { KnownTypes } from './known.ts';
import { topicOf, type Bus, type BusMessage, type PartitionProgress } from './port.ts';
import { createPump } from './pump.ts';
import type { ConsumerStatus, Sink } from './sink.ts';
import { createWaiters } from './waiters.ts';

export interface ConsumerOptions {
  readonly bus: Bus;
  readonly sink: Sink;
  /** The context of the service that runs the consumer: only its own private types reach the sink. */
  readonly ownContext: string;
  readonly known: KnownTypes;
  readonly signal: AbortSignal;
  /** What the sink has parked, for the status and for readers that would not see a parked event. */
  readonly parked?: { keys(): number; has(position: number): boolean | Promise<boolean>; refresh?(): Promise<void> };
  readonly backoff?: Backoff;
  /** How long the progress over messages that nobody subscribed to may stay unsaved. */
  readonly saveEveryMs?: number;
  onStatus?(status: ConsumerStatus): void;
}

export interface Consumer {
  status(): ConsumerStatus;
  /**
   * Resolves when the sink has passed the token's position (at once for a context that it does not follow). Rejects with
   * `unavailable/model-behind` after `withinMs`, with `failed-precondition/model-parked` when the event there is parked.
   */
  waitFor(token: ReadToken, withinMs: number): Promise<void>;
  /** Messages of its topics that are not yet taken in, by this instance or another; `ends` tells where the topics end. */
  lag(ends?: TopicEndsReader): Promise<number>;
  /**
   * Stands still while `work` runs (the swap of a rebuilt model), then reads the sink's progress again and goes on. Readers
   * that wait keep waiting.
   */
  standStill<T>(work: () => Promise<T>): Promise<T>;
  /** Settles when the signal has aborted and nothing is in flight; never rejects. */
  readonly done: Promise<void>;
}

/** As much of a bus as tells where topics end: asked for many consumers, its answers may be kept for a moment. */
export type TopicEndsReader = Pick<Bus, 'topicInfo' | 'endOffsets'>;

/** How often a waiting reader looks into the sink, where another instance may have the partition. */
const LOOK_EVERY_MS = 100;
/** A consumer that has run for so long (ms) since the bus was away has reached it, also when it was given no partition. */
const LASTING_MS = 20_000;

/** Runs a sink over the topics that follow from what it subscribes to. */
export const startConsumer = (options: ConsumerOptions): Consumer => {
  const { bus, sink, signal, known, backoff = DEFAULT_BACKOFF } = options;
  for (const name of sink.subscribes) {
    if (!known.versions.has(name)) throw new Error(`${sink.name} subscribes to ${name}, of which this release knows no version`);
  }
  const topics = [...new Set([...sink.subscribes].map((name) => topicOf(name.slice(0, name.indexOf('.')))))];
  const intake = createIntake(options.ownContext, sink.subscribes, known);
  const waiters = createWaiters();
  let state: Pick<ConsumerStatus, 'state' | 'reason' | 'message'> = { state: 'starting' };
  let intermissions: (() => Promise<void>)[] = [];
  let session: ReturnType<typeof linkedController> | undefined;
  let busAway = false;

  const status = (): ConsumerStatus => ({
    name: sink.name,
    ...state,
    progress: intake.progress(),
    parkedKeys: options.parked?.keys() ?? 0,
  });
  const become = (next: typeof state): void => {
    const changed = next.state !== state.state || next.reason !== state.reason || next.message !== state.message;
    state = next;
    if (changed) options.onStatus?.(status());
  };
  const pauseFor = (error: unknown): void => become({ state: 'paused', reason: pauseReason(error), message: messageOf(error) });

  const reached = (): void => {
    if (!busAway) return;
    busAway = false;
    become({ state: 'running' });
  };
  const wakeReaders = (): void => {
    if (waiters.size > 0) for (const { topic, partition, position } of intake.progress()) waiters.passed(`${topic}/${partition}`, position);
  };

  /** Another instance may have fed a partition meanwhile: what the sink holds counts. One reading for all that are given at once. */
  let reading: Promise<readonly PartitionProgress[]> | undefined;
  const storedNow = (): Promise<readonly PartitionProgress[]> => {
    sink.forget?.();
    return (reading ??= sink.progress().finally(() => (reading = undefined)));
  };

  /** One stretch of consuming, from the sink's stored progress until the signal aborts. */
  const consume = async (until: AbortSignal): Promise<void> => {
    intake.restart(await sink.progress());
    const pump = createPump<BusMessage>({
      signal: until,
      async take(messages) {
        const taken = intake.take(messages);
        const { events, refused } = taken;
        const some = events.length + refused.length > 0;
        if (some) await offer(() => sink.apply(events, intake.progressWith(taken), refused));
        intake.commit(taken, some);
        wakeReaders();
        if (taken.stop) throw taken.stop;
      },
      stopped: pauseFor,
    });
    const offer = async (apply: () => Promise<void>): Promise<void> => {
      for (let attempt = 0; ; attempt++) {
        try {
          await apply();
          return become({ state: 'running' });
        } catch (error) {
          if (until.aborted) throw error;
          pauseFor(error);
          await pause(backoffMs(attempt, backoff), until);
          if (until.aborted) throw error;
        }
      }
    };
    const save = async (): Promise<void> => {
      const progress = intake.unsaved();
      if (progress.length === 0) return;
      await sink.apply([], progress);
      intake.saved();
    };
    let saving: Promise<void> | undefined;
    const timer = setInterval(() => {
      saving ??= pump
        .run(save)
        .catch(() => undefined)
        .finally(() => (saving = undefined));
    }, options.saveEveryMs ?? 1_000).unref();
    // While the bus is away, calls of it that last are not taken for success.
    const lasting = setTimeout(reached, LASTING_MS).unref();
    try {
      if (!busAway) become({ state: 'running' });
      if (topics.length === 0) return await aborted(until);
      await bus.consume({
        group: sink.group,
        topics,
        async from(topic, partition) {
          const offset = intake.begin(topic, partition, await storedNow());
          reached();
          wakeReaders();
          return offset;
        },
        handle: (messages) => pump.add(messages),
        signal: until,
      });
      if (!until.aborted) throw new Error('the bus has ended the consumer');
    } finally {
      clearInterval(timer);
      clearTimeout(lasting);
      await pump.idle();
      await save().catch(() => undefined);
    }
  };

  const run = async (): Promise<void> => {
    for (let attempt = 0; !signal.aborted;) {
      const began = performance.now();
      const current = linkedController(signal);
      session = current;
      const work = intermissions;
      intermissions = [];
      for (const step of work) await step();
      const until = current.signal;
      try {
        if (intermissions.length === 0) await consume(until);
        attempt = 0;
      } catch (error) {
        if (until.aborted) continue;
        busAway = true;
        if (performance.now() - began > LASTING_MS) attempt = 0;
        pauseFor(error);
        await pause(backoffMs(attempt++, backoff), until);
      } finally {
        current.release();
      }
    }
    for (const step of intermissions) await step();
    intermissions = [];
    become({ state: 'stopped' });
    waiters.rejectAll();
  };

  const behind = (token: ReadToken) => (): Rejection =>
    new Rejection('unavailable', 'model-behind', `${sink.name} has not yet taken in what the read token names.`, {
      facts: { consumer: sink.name, position: token.position, reached: intake.positionOf(topicOf(token.context), token.partition) },
    });
  const passedElsewhere = async (topic: string, partition: number, position: number): Promise<void> => {
    const stored = await sink.progress();
    const generation = intake.generationOf(topic) ?? (await bus.topicInfo(topic))?.generation;
    const there = stored.find((p) => p.topic === topic && p.partition === partition && p.generation === generation);
    if (!there || there.position < position) return;
    await options.parked?.refresh?.();
    waiters.passed(`${topic}/${partition}`, there.position);
  };
  const refuseParked = async (position: number): Promise<void> => {
    if (options.parked && options.parked.keys() > 0 && (await options.parked.has(position))) {
      throw new Rejection('failed-precondition', 'model-parked', `${sink.name} could not take in the event at ${position}; it is parked.`, {
        facts: { consumer: sink.name, position },
      });
    }
  };
  const waitSlowly = async (token: ReadToken, topic: string, withinMs: number): Promise<void> => {
    if (state.state === 'stopped') throw behind(token)();
    const look = setInterval(() => void passedElsewhere(topic, token.partition, token.position).catch(() => undefined), LOOK_EVERY_MS);
    try {
      await waiters.wait(`${topic}/${token.partition}`, token.position, withinMs, behind(token));
    } finally {
      clearInterval(look);
    }
    await refuseParked(token.position);
  };

  const missing = async (ends: TopicEndsReader, progress: readonly PartitionProgress[]): Promise<number> => {
    let behindBy = 0;
    for (const topic of topics) {
      const info = await ends.topicInfo(topic);
      if (!info) continue;
      const here = progress.filter((p) => p.topic === topic && p.generation === info.generation);
      for (const [partition, end] of (await ends.endOffsets(topic)).entries()) {
        const next = here.reduce((most, p) => (p.partition === partition ? Math.max(most, p.nextOffset) : most), 0);
        behindBy += Math.max(0, end - next);
      }
    }
    return behindBy;
  };
  const lag = async (ends: TopicEndsReader = bus): Promise<number> => {
    const own = intake.progress();
    // Only what another instance has taken in needs the store to be asked.
    return (await missing(ends, own)) === 0 ? 0 : missing(ends, [...(await sink.progress()), ...own]);
  };

  return {
    status,
    waitFor(token, withinMs) {
      const topic = topicOf(token.context);
      if (!topics.includes(topic)) return Promise.resolve();
      return intake.positionOf(topic, token.partition) >= token.position
        ? refuseParked(token.position)
        : waitSlowly(token, topic, withinMs);
    },
    lag,
    standStill(work) {
      if (state.state === 'stopped') return work();
      return new Promise((resolve, reject) => {
        intermissions.push(() => work().then(resolve, reject));
        session?.abort();
      });
    },
    done: run(),
  };
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const pauseReason = (error: unknown): NonNullable<ConsumerStatus['reason']> => {
  if (error instanceof NewerEvent) return 'newer-event';
  if (!(error instanceof Rejection) || error.code !== 'data-loss') return 'unavailable';
  return error.reason === 'offset-expired' ? 'offset-expired' : 'damaged-record';
};
