import { LOG_START, type EventStore } from '@sanwang/event-store';
import { expectRejection } from '@sanwang/event-store/conformance';
import { eventually } from '@sanwang/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startKurrentDbDouble, type KurrentDbDouble } from './double.ts';
import { startStallingProxy } from './fixtures/stalling-proxy.ts';
import { AWAY, DEADLINE_MS, first, newStream, patiently } from './fixtures/trying.ts';
import { openKurrentDb } from './index.ts';

let double: KurrentDbDouble;
let store: EventStore;
beforeEach(async () => {
  double = await startKurrentDbDouble();
  store = openKurrentDb(double.connectionString, { deadlineMs: DEADLINE_MS });
});
afterEach(async () => {
  await store.close();
  await double.close();
});

it('goes to the leader that a node names', async () => {
  const leader = await startKurrentDbDouble();
  try {
    double.faults.notLeader({ host: '127.0.0.1', port: leader.port });
    const stream = newStream();
    await expectRejection(store.append(stream, 'no-stream', first(stream, 1)), ...AWAY);
    await patiently(() => store.append(stream, 'no-stream', first(stream, 1)));
    expect(await store.readStream(stream)).toHaveLength(2);
    const onLeader = openKurrentDb(leader.connectionString);
    expect(await onLeader.readStream(stream)).toHaveLength(2);
    await onLeader.close();
  } finally {
    await leader.close();
  }
});

it('asks the nodes of a cluster for their leader', async () => {
  const leader = await startKurrentDbDouble();
  const hosts = `127.0.0.1:${double.port},127.0.0.1:${leader.port}`;
  const ofCluster = openKurrentDb(`kurrentdb://${hosts}?tls=false`);
  const onLeader = openKurrentDb(leader.connectionString);
  try {
    double.faults.notLeader({ host: '127.0.0.1', port: leader.port });
    const stream = newStream();
    await ofCluster.append(stream, 'no-stream', first(stream, 1));
    expect(await onLeader.readStream(stream)).toHaveLength(2);
  } finally {
    await ofCluster.close();
    await onLeader.close();
    await leader.close();
  }
});

it('gives a connection up on which nothing comes any more, and everything on it goes on over a new one', async () => {
  const proxy = await startStallingProxy(double.port);
  const beyond = openKurrentDb(`kurrentdb://127.0.0.1:${proxy.port}?tls=false`, { deadlineMs: DEADLINE_MS });
  const stop = new AbortController();
  try {
    const [stream, other] = [newStream(), newStream()];
    await beyond.append(stream, 'no-stream', first(stream, 1));
    const seen: string[] = [];
    const following = (async () => {
      for await (const page of beyond.subscribe({ prefix: `${other.split('.')[0]!}.`, after: LOG_START, signal: stop.signal })) {
        seen.push(...page.events.map(({ id }) => id));
      }
    })();
    await beyond.readStream(stream);
    proxy.stallWhatIsOpen();
    await expectRejection(beyond.readStream(stream), ...AWAY);
    expect(await patiently(() => beyond.readStream(stream))).toHaveLength(2);
    const events = first(other, 2);
    await patiently(() => beyond.append(other, 'no-stream', events));
    await eventually(() => expect(seen).toEqual(events.map(({ id }) => id)));
    stop.abort();
    await following;
  } finally {
    stop.abort();
    await beyond.close();
    proxy.close();
  }
});
