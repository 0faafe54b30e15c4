import { eventually } from '@sanwang/testing';
import { NewerEvent } from '@sanwang/kernel';
import { damagedRecord } from '@sanwang/event-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { busDouble } from './bus.double.ts';
import { messagePosition } from './envelope.ts';
import { logDouble } from './log.double.ts';
import { topicOf, type Bus } from './port.ts';
import { startRelay, type Relay, type RelayOptions, type RelayStatus } from './relay.ts';

const SOON = 5_000;
const topic = topicOf('patrol');

describe('relay', () => {
  let server: ReturnType<typeof busDouble>;
  let log: ReturnType<typeof logDouble>;
  let bus: Bus;
  let abort: AbortController;
  let relay: Relay | undefined;

  beforeEach(() => {
    server = busDouble();
    log = logDouble('patrol');
    bus = server.connect();
    abort = new AbortController();
    relay = undefined;
  });
  afterEach(async () => {
    abort.abort();
    await relay?.done;
  });
  const start = (options: Partial<RelayOptions> = {}): Relay =>
    (relay = startRelay({ ...log, bus, signal: abort.signal, backoff: { firstMs: 5, maxMs: 20 }, ...options }));
  const fill = (events: number): void => {
    for (let n = 0; n < events; n++) log.append(String(n % 7), n, n % 5 === 0 ? 'Scribbled' : 'Noted');
  };
  const positions = (): number[] =>
    server
      .messages(topic)
      .map(messagePosition)
      .sort((a, b) => a - b);
  const wholeLog = (): number[] => log.events.map(({ position }) => position);

  it('publishes every event once, public and private, in the order of the log within each key', async () => {
    fill(950);
    const one = start();
    await one.caughtUp(949, SOON);
    fill(300);
    await one.caughtUp(1_249, SOON);
    expect(positions()).toEqual(wholeLog());
    for (const key of new Set(log.events.map(({ stream }) => stream))) {
      const there = server.messages(topic).filter((message) => message.key === key);
      expect(there.map(messagePosition)).toEqual(log.events.filter(({ stream }) => stream === key).map(({ position }) => position));
    }
    expect(one.status()).toEqual({ context: 'patrol', state: 'running', position: 1_249 });
  });

  it('goes on from its checkpoint after a restart, with nothing twice', async () => {
    fill(120);
    await start().caughtUp(119, SOON);
    abort.abort();
    await relay!.done;
    fill(30);
    abort = new AbortController();
    await start().caughtUp(149, SOON);
    expect(positions()).toEqual(wholeLog());
  });

  it('backs off while the bus is away, says so, and goes on', async () => {
    const seen: RelayStatus[] = [];
    fill(10);
    server.setAway(true);
    const one = start({ onStatus: (status) => seen.push(status) });
    await eventually(() => expect(one.status()).toMatchObject({ state: 'paused', reason: 'unavailable' }));
    server.setAway(false);
    await one.caughtUp(9, SOON);
    server.setAway(true);
    fill(10);
    await eventually(() => expect(one.status()).toMatchObject({ state: 'paused', position: 9 }));
    server.setAway(false);
    await one.caughtUp(19, SOON);
    expect(new Set(positions())).toEqual(new Set(wholeLog()));
    expect(seen.map(({ state }) => state)).toContain('paused');
    expect(one.status()).toEqual({ context: 'patrol', state: 'running', position: 19 });
  });

  it('publishes again what was published without an answer: at least once, never lost', async () => {
    let lost = 3;
    const forgetful: Bus = {
      ...bus,
      async relaySeat(...args) {
        const seat = await bus.relaySeat(...args);
        return {
          ...seat,
          async publish(messages, checkpoint) {
            await seat.publish(messages, -1);
            if (lost-- > 0) throw new Error('no answer');
            await seat.publish([], checkpoint);
          },
        };
      },
    };
    fill(20);
    await start({ bus: forgetful }).caughtUp(19, SOON);
    expect(positions()).toHaveLength(80);
    expect(new Set(positions())).toEqual(new Set(wholeLog()));
  });

  it.each([
    ['a damaged record', damagedRecord({ position: 60, stream: 'patrol.Thing-4', revision: 8 }), 'damaged-record'],
    ['an event of a later release', new NewerEvent('patrol.Noted has version 2'), 'newer-event'],
  ])('stops for good at %s, with all before it published', async (_what, error, reason) => {
    fill(100);
    log.failAt(60, error);
    const one = start();
    await one.done;
    expect(one.status()).toMatchObject({ state: 'stopped', reason, position: 59, message: error.message });
    expect(positions()).toEqual(wholeLog().slice(0, 60));
    await expect(one.caughtUp(60, SOON)).rejects.toMatchObject({ code: 'unavailable', reason: 'relay-behind' });
    await one.caughtUp(59, 0);
  });

  it('does not stop at an old event that its upcasters cannot bring to the present version', async () => {
    fill(3);
    const broken = { version: { value: 2 }, rawVersion: { value: 1 }, rawData: { value: '{"m":3}' } };
    Object.defineProperties(log.append('3', 3), { ...broken, data: { get: () => expect.fail('a broken upcaster') } });
    fill(3);
    await start().caughtUp(6, SOON);
    expect(positions()).toEqual(wholeLog());
    const [sent] = server.messages(topic).filter((message) => messagePosition(message) === 3);
    expect(sent).toMatchObject({ value: '{"m":3}', headers: { ce_type: 'sanwang.patrol.Noted.v1' } });
  });

  it('refuses a log that ends before what is already published', async () => {
    fill(10);
    await start().caughtUp(9, SOON);
    abort.abort();
    await relay!.done;
    log = logDouble('patrol');
    fill(5);
    abort = new AbortController();
    const one = start();
    await one.done;
    expect(one.status()).toMatchObject({ state: 'stopped', reason: 'log-behind-bus' });
    expect(positions()).toHaveLength(10);
  });

  it('refills a topic that has vanished from the first event', async () => {
    fill(50);
    const one = start({ checkTopicEveryMs: 10 });
    await one.caughtUp(49, SOON);
    await server.dropTopic(topic);
    await eventually(() => expect(positions()).toEqual(wholeLog()));
    fill(10);
    await one.caughtUp(59, SOON);
    expect(positions()).toEqual(wholeLog());
  });

  it('publishes nothing above the position at which it is held, until it is released', async () => {
    fill(10);
    const one = start({ batchSize: 4 });
    await one.caughtUp(9, SOON);
    expect(await one.hold(14)).toBe(14);
    fill(20);
    await one.caughtUp(14, SOON);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(positions()).toEqual(wholeLog().slice(0, 15));
    expect(one.status()).toMatchObject({ state: 'held', position: 14 });
    await expect(one.hold()).rejects.toMatchObject({ code: 'failed-precondition', reason: 'relay-held' });
    one.release();
    await one.caughtUp(29, SOON);
    expect(positions()).toEqual(wholeLog());
  });

  it('tells where it is held when it is past the wanted position', async () => {
    fill(10);
    const one = start();
    await one.caughtUp(9, SOON);
    expect(await one.hold(3)).toBe(9);
    fill(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(positions()).toHaveLength(10);
  });

  it('stops at its signal also while it is held', async () => {
    fill(3);
    const one = start();
    await one.caughtUp(2, SOON);
    await one.hold();
    fill(3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort();
    await one.done;
    expect(one.status().state).toBe('stopped');
  });

  it('passes over what other contexts write, and remembers it without a message', async () => {
    fill(5);
    const one = start();
    await one.caughtUp(4, SOON);
    log.advance(50);
    await one.caughtUp(54, SOON);
    expect(await bus.relayCheckpoint('patrol')).toBe(4);
    log.advance(20_000);
    await one.caughtUp(20_054, SOON);
    await eventually(async () => expect(await bus.relayCheckpoint('patrol')).toBe(20_054));
    expect(positions()).toHaveLength(5);
  });

  describe('two of one context', () => {
    const another = (options: Partial<RelayOptions> = {}) => {
      const own = new AbortController();
      const signal = AbortSignal.any([own.signal, abort.signal]);
      const one = startRelay({ ...log, bus: server.connect(), signal, backoff: { firstMs: 5, maxMs: 20 }, lookEveryMs: 5, ...options });
      return { relay: one, stop: () => own.abort() };
    };

    it('take turns: one publishes, the other waits, knows how far it came, and takes over where it stopped', async () => {
      fill(50);
      const first = another();
      await first.relay.caughtUp(49, SOON);
      const second = another();
      await eventually(() => expect(second.relay.status()).toEqual({ context: 'patrol', state: 'waiting', position: 49 }));
      fill(10);
      await second.relay.caughtUp(59, SOON);
      await expect(second.relay.hold()).rejects.toMatchObject({ code: 'unavailable', reason: 'relay-elsewhere' });
      first.stop();
      await first.relay.done;
      fill(20);
      await eventually(() => expect(second.relay.status()).toEqual({ context: 'patrol', state: 'running', position: 79 }));
      expect(positions()).toEqual(wholeLog());
      second.stop();
      await second.relay.done;
    });

    it('stop publishing when the seat is lost, and nothing is lost or out of order', async () => {
      const relays = [another({ batchSize: 5 }), another({ batchSize: 5 })];
      for (let round = 0; round < 20; round++) {
        fill(23);
        await new Promise((resolve) => setTimeout(resolve, 7));
        server.unseat('patrol');
      }
      for (const one of relays) await one.relay.caughtUp(log.events.at(-1)!.position, SOON);
      expect(new Set(positions())).toEqual(new Set(wholeLog()));
      for (const key of new Set(log.events.map(({ stream }) => stream))) {
        const there = server.messages(topic).filter((message) => message.key === key);
        const appeared = [...new Set(there.map(messagePosition))];
        expect(appeared).toEqual([...appeared].sort((a, b) => a - b));
      }
      for (const one of relays) one.stop();
      await Promise.all(relays.map((one) => one.relay.done));
    });

    it('end at their signal also while they wait', async () => {
      const first = another();
      await eventually(() => expect(first.relay.status().state).toBe('running'));
      const second = another();
      await eventually(() => expect(second.relay.status().state).toBe('waiting'));
      second.stop();
      await second.relay.done;
      expect(second.relay.status().state).toBe('stopped');
      first.stop();
      await first.relay.done;
    });
  });

  it('answers that it is behind when the wait is over', async () => {
    const one = start();
    await expect(one.caughtUp(5, 20)).rejects.toMatchObject({ code: 'unavailable', reason: 'relay-behind', facts: { needed: 5 } });
  });
});
