import { randomUUID } from 'node:crypto';
import {
  END,
  jsonEvent,
  KurrentDBClient,
  NO_STREAM,
  START,
  StreamDeletedError,
  StreamNotFoundError,
  streamNameFilter,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client';
import { LOG_START, type EventMetadata } from '@sanwang/event-store';
import { chained, collect, event, expectRejection, freshContext } from '@sanwang/event-store/conformance';
import { servers } from '@sanwang/testing/servers';
import { afterAll, expect, it } from 'vitest';
import { openKurrentDb } from './index.ts';

/**
 * What the official client sees, used as its makers show it. Run against the real server this tells what our log looks like to
 * other tools; run against the double it tells that the double is enough of a server for a client that it was not made for.
 */
const { kurrentdb } = await servers();
const client = KurrentDBClient.connectionString(kurrentdb);
const store = openKurrentDb(kurrentdb);
afterAll(async () => {
  await client.dispose();
  await store.close();
});

const note = (n: number) => jsonEvent({ id: randomUUID(), type: 'Noted', data: { n } });
const collected = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

it('shows our events as JSON, with the metadata that its tools look for', async () => {
  const stream = `${freshContext()}.Thing-1`;
  const one = event({ text: '巡查' });
  const metadata: EventMetadata = {
    ...(JSON.parse(one.metadata) as EventMetadata),
    causationId: randomUUID(),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const [sealed] = chained(stream, 'no-stream', { ...one, metadata: JSON.stringify(metadata) });
  await store.append(stream, 'no-stream', [sealed!]);
  const [read] = await collected(client.readStream(stream));
  expect(read?.event).toMatchObject({
    type: 'ThingNoted',
    isJson: true,
    revision: 0n,
    data: { text: '巡查' },
    metadata: {
      $correlationId: metadata.correlationId,
      $causationId: metadata.causationId,
      traceparent: metadata.traceparent,
      id: sealed!.id,
      hash: sealed!.hash,
      metadata: { actor: 'officer.1' },
    },
  });
});

it('appends, refuses and repeats by expected revision', async () => {
  const stream = `client-${randomUUID()}`;
  const [a, b] = [note(1), note(2)];
  const first = await client.appendToStream(stream, [a, b], { streamState: NO_STREAM });
  expect(first).toMatchObject({ success: true, nextExpectedRevision: 1n });
  await expect(client.appendToStream(stream, [note(3)], { streamState: 0n })).rejects.toMatchObject({ actualState: 1n });
  await expect(client.appendToStream(stream, [note(3)], { streamState: NO_STREAM })).rejects.toBeInstanceOf(WrongExpectedVersionError);
  expect(await client.appendToStream(stream, [a, b], { streamState: NO_STREAM })).toMatchObject({ nextExpectedRevision: 1n });
  await client.appendToStream(stream, [note(3)], { streamState: 1n, credentials: { username: 'admin', password: 'changeit' } });
  expect((await collected(client.readStream(stream))).map(({ event: one }) => one?.data)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  const backwards = await collected(client.readStream(stream, { direction: 'backwards', fromRevision: END, maxCount: 2 }));
  expect(backwards.map(({ event: one }) => one?.revision)).toEqual([2n, 1n]);
});

it('deletes for a time and for ever; a stream of ours that was deleted is reported, not taken for a new one', async () => {
  const stream = `${freshContext()}.Thing-1`;
  const events = chained(stream, 'no-stream', event({ n: 1 }));
  await store.append(stream, 'no-stream', events);
  await client.deleteStream(stream);
  await expect(collected(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
  const anew = chained(stream, 'no-stream', event({ n: 2 }));
  await expectRejection(store.append(stream, 'no-stream', anew), 'data-loss', 'stream-deleted');
  await expectRejection(store.readStream(stream), 'data-loss', 'damaged-record');
  await client.tombstoneStream(stream);
  await expect(collected(client.readStream(stream))).rejects.toBeInstanceOf(StreamDeletedError);
  await expectRejection(store.readStream(stream), 'data-loss', 'stream-deleted');
  await expectRejection(store.append(stream, 'no-stream', anew), 'data-loss', 'stream-deleted');
});

it('reports what another program wrote into a stream of ours as damage', async () => {
  const stream = `${freshContext()}.Thing-1`;
  const events = chained(stream, 'no-stream', event({ n: 1 }));
  await store.append(stream, 'no-stream', events);
  await client.appendToStream(stream, [note(2)], { streamState: 0n });
  await expectRejection(store.readStream(stream), 'data-loss', 'damaged-record', { stream, revision: 1 });
  const log = store.readAll({ prefix: `${stream.split('.')[0]!}.`, after: LOG_START });
  await expectRejection(collect(log), 'data-loss', 'damaged-record', { stream, revision: 1 });
});

it('reads all with events of the server between ours, and follows it with checkpoints', async () => {
  const context = freshContext();
  const streams = Array.from({ length: 40 }, (_, n) => `${context}.Thing-${n}`);
  for (const stream of streams) await client.appendToStream(stream, [note(1)], { streamState: NO_STREAM });
  const filter = streamNameFilter({ prefixes: [`${context}.`], checkpointInterval: 1 });
  const all = await collected(client.readAll({ fromPosition: START, direction: 'forwards' }));
  expect(all.some(({ event: one }) => one?.streamId.startsWith('$'))).toBe(true);
  const positions = all.map(({ event: one }) => Number(one!.position.commit));
  expect(positions).toEqual(positions.toSorted((x, y) => x - y));
  const seen: string[] = [];
  const subscription = client.subscribeToAll({ fromPosition: START, filter });
  for await (const { event: one } of subscription) {
    seen.push(one!.streamId);
    if (seen.length === streams.length) break;
  }
  expect(seen).toEqual(streams);
});
