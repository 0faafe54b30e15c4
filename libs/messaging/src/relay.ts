import { setImmediate as nextTurn } from 'node:timers/promises';
import { NewerEvent, Rejection, type Catalogue } from '@sanwang/kernel';
import { LOG_START, type EventStore, type Published, type PublishedPage } from '@sanwang/event-store';
import { backoffMs, DEFAULT_BACKOFF, linkedController, pause, type Backoff } from './backoff.ts';
import { createBell } from './bell.ts';
import { toMessage } from './envelope.ts';
import { topicOf, type Bus, type RelaySeat } from './port.ts';
import { createWaiters } from './waiters.ts';

export interface RelayOptions {
  readonly store: EventStore;
  readonly catalogue: Catalogue;
  /** The one function that reads a prefix of the log. */
  readonly published: Published;
  readonly bus: Bus;
  readonly signal: AbortSignal;
  /** The context's topic when absent. */
  readonly topic?: string;
  /** Most messages of one publish. */
  readonly batchSize?: number;
  /**
   * The relay rests for so long after it has published all there was, ms (default 10): under load what comes meanwhile goes
   * together, in one commit of the bus and one of each model instead of many. What comes after a rest goes at once.
   */
  readonly paceMs?: number;
  readonly backoff?: Backoff;
  /** How often the relay looks whether its topic is still the one it publishes to. */
  readonly checkTopicEveryMs?: number;
  /** How often a relay that waits for its seat looks how far the one that has it came. */
  readonly lookEveryMs?: number;
  onStatus?(status: RelayStatus): void;
}

export interface RelayStatus {
  readonly context: string;
  /**
   * `waiting`: another instance publishes, this one stands by. `paused`: the bus or the log is away, the relay tries again.
   * `stopped`: for good, at `position`.
   */
  readonly state: 'starting' | 'waiting' | 'running' | 'held' | 'paused' | 'stopped';
  /** Everything of the context at or below it is on the bus. */
  readonly position: number;
  readonly reason?: 'unavailable' | 'newer-event' | 'damaged-record' | 'log-behind-bus';
  readonly message?: string;
}

export interface Relay {
  status(): RelayStatus;
  /**
   * Publishes nothing above the answer until `release()`: that is `at` (default: where the relay stands), or more when
   * more has been published already. Commands go on meanwhile. `failed-precondition/relay-held` while another holds it,
   * `unavailable/relay-starting` before it knows its checkpoint, `unavailable/relay-elsewhere` while another instance publishes.
   */
  hold(at?: number): Promise<number>;
  release(): void;
  /** Resolves when everything up to the position is on the bus; rejects with `unavailable/relay-behind` after `withinMs`. */
  caughtUp(position: number, withinMs: number): Promise<void>;
  /** Settles when the relay has stopped, by its signal or for good; never rejects. */
  readonly done: Promise<void>;
}

/** The relay writes its checkpoint over a stretch without events of its context only once it is this long. */
const SILENT_STRETCH = 10_000;

/**
 * Publishes every event of a context, in log order, keyed by stream, its checkpoint together with the messages. The only
 * publisher: it works while it has the context's seat, and waits for it while another instance has.
 */
export const startRelay = (options: RelayOptions): Relay => {
  const { store, catalogue, published, bus, signal, batchSize = 500, paceMs = 10, backoff = DEFAULT_BACKOFF } = options;
  const { context } = catalogue;
  const topic = options.topic ?? topicOf(context);
  const waiters = createWaiters();
  const bell = createBell();
  let state: Pick<RelayStatus, 'state' | 'reason' | 'message'> = { state: 'starting' };
  let position = LOG_START;
  let seat: RelaySeat | undefined;
  let started = false;
  let stored = LOG_START;
  /** The highest position handed to the bus, acknowledged or not. */
  let offered = LOG_START;
  let ceiling: number | undefined;
  let inFlight: Promise<void> | undefined;

  const status = (): RelayStatus => ({
    context,
    ...state,
    ...(state.state === 'running' && ceiling !== undefined ? { state: 'held' } : {}),
    position,
  });
  const become = (next: typeof state): void => {
    const changed = next.state !== state.state || next.message !== state.message;
    state = next;
    if (changed) options.onStatus?.(status());
  };
  const advance = (to: number): void => {
    position = to;
    waiters.passed(topic, to);
  };

  const publish = async (on: RelaySeat, events: PublishedPage['events'], checkpoint: number): Promise<void> => {
    offered = Math.max(offered, checkpoint);
    inFlight = on.publish(events.map(toMessage), checkpoint);
    try {
      await inFlight;
    } finally {
      inFlight = undefined;
    }
    stored = checkpoint;
    advance(checkpoint);
    become({ state: 'running' });
  };

  const publishPage = async (on: RelaySeat, page: PublishedPage, until: AbortSignal): Promise<void> => {
    let next = 0;
    while (next < page.events.length) {
      if (until.aborted) return;
      const end = Math.min(next + batchSize, page.events.length);
      const batch = page.events.slice(next, end).filter((event) => event.position <= (ceiling ?? Infinity));
      if (batch.length === 0) {
        await bell.wait();
        continue;
      }
      next += batch.length;
      await publish(on, batch, next === page.events.length ? page.position : batch.at(-1)!.position);
      await nextTurn();
    }
    if (page.position > stored + SILENT_STRETCH) await publish(on, [], page.position);
    else if (page.position > position) advance(page.position);
  };

  const takeSeat = async (): Promise<RelaySeat> => {
    await bus.ensureTopic(topic);
    const look = async (): Promise<void> => {
      const reached = await bus.relayCheckpoint(context);
      if (seat) return;
      started = false;
      become({ state: 'waiting' });
      advance(reached);
    };
    const timer = setInterval(() => void look().catch(() => undefined), options.lookEveryMs ?? 1_000).unref();
    try {
      return (seat = await bus.relaySeat(context, topic, signal));
    } finally {
      clearInterval(timer);
    }
  };

  /** Publishes from the seat's checkpoint on; comes back when the signal aborts, the seat is lost or the topic is another. */
  const follow = async (on: RelaySeat): Promise<void> => {
    stored = on.checkpoint;
    if (stored > (await store.head(''))) {
      throw new Rejection('data-loss', 'log-behind-bus', `${topic} holds events up to ${stored}; the log ends before. Is this its log?`);
    }
    started = true;
    advance(stored);
    const attempt = linkedController(signal, on.lost);
    const until = attempt.signal;
    const stir = (): void => bell.ring();
    until.addEventListener('abort', stir, { once: true });
    const look = async (): Promise<void> => {
      if ((await bus.topicInfo(topic))?.generation !== on.topic.generation) attempt.abort();
    };
    const timer = setInterval(() => void look().catch(() => undefined), options.checkTopicEveryMs ?? 10_000).unref();
    try {
      become({ state: 'running' });
      for await (const page of published(store, catalogue, { after: position, signal: until })) {
        await publishPage(on, page, until);
        if (page.events.length > 0 && page.events.length < batchSize) await pause(paceMs, until);
      }
      if (!until.aborted) throw new Error('the log has ended the subscription');
    } catch (error) {
      if (!until.aborted) throw error;
    } finally {
      clearInterval(timer);
      attempt.release();
    }
  };

  const run = async (): Promise<void> => {
    for (let attempt = 0; !signal.aborted;) {
      const before = position;
      try {
        const on = await takeSeat();
        try {
          await follow(on);
        } finally {
          seat = undefined;
          await on.leave();
        }
        if (on.lost.aborted && !signal.aborted) become({ state: 'waiting' });
      } catch (error) {
        if (signal.aborted) break;
        const message = error instanceof Error ? error.message : String(error);
        const reason = stopReason(error);
        if (reason) {
          become({ state: 'stopped', reason, message });
          break;
        }
        if (position > before) attempt = 0;
        become({ state: 'paused', reason: 'unavailable', message });
        await pause(backoffMs(attempt++, backoff), signal);
      }
    }
    if (state.state !== 'stopped') become({ state: 'stopped' });
    waiters.rejectAll();
  };

  const behind = (needed: number) => (): Rejection =>
    new Rejection('unavailable', 'relay-behind', `The relay of ${context} stands at ${position}; ${needed} is wanted.`, {
      facts: { context, position, needed },
    });

  return {
    status,
    async hold(at) {
      if (ceiling !== undefined) throw new Rejection('failed-precondition', 'relay-held', `The relay of ${context} is held already.`);
      if (!seat && state.state === 'waiting') {
        throw new Rejection('unavailable', 'relay-elsewhere', `Another instance publishes the events of ${context}.`);
      }
      if (!started) throw new Rejection('unavailable', 'relay-starting', `The relay of ${context} does not know its checkpoint yet.`);
      ceiling = Math.max(at ?? position, position);
      await inFlight?.catch(() => undefined);
      ceiling = Math.max(ceiling, offered);
      return ceiling;
    },
    release() {
      ceiling = undefined;
      bell.ring();
    },
    async caughtUp(needed, withinMs) {
      if (position >= needed) return;
      if (state.state === 'stopped') throw behind(needed)();
      await waiters.wait(topic, needed, withinMs, behind(needed));
    },
    done: run(),
  };
};

const stopReason = (error: unknown): RelayStatus['reason'] | undefined => {
  if (error instanceof NewerEvent) return 'newer-event';
  if (!(error instanceof Rejection) || error.code !== 'data-loss') return undefined;
  return error.reason === 'log-behind-bus' ? 'log-behind-bus' : 'damaged-record';
};
