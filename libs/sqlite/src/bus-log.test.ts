import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { published, sealChain, type PublishedEvent, type StreamVersion } from '@sanwang/event-store';
import { knownTypes, partitionOf, startConsumer, startRelay, topicOf } from '@sanwang/messaging';
import { logDouble, sinkDouble } from '@sanwang/messaging/doubles';
import { eventually } from '@sanwang/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBus, type SqliteBus } from './bus.ts';
import { openEventLog, type EventLog } from './eventlog.ts';
import { testFolder } from './fixtures/folder.ts';

const SOON = 20_000;
const { catalogue } = logDouble('patrol');

describe('log, relay, embedded bus and consumer', () => {
  let folder: ReturnType<typeof testFolder>;
  let log: EventLog;
  let bus: SqliteBus;
  let abort: AbortController;

  beforeEach(() => {
    folder = testFolder();
    log = openEventLog(join(folder.path, 'log.sqlite'));
    bus = openBus(join(folder.path, 'bus.sqlite'));
    abort = new AbortController();
  });
  afterEach(async () => {
    abort.abort();
    await bus.close();
    await log.close();
    folder.remove();
  });

  /** Appends `count` events to one stream, two at a time; the tokens of the appends. */
  const write = async (stream: string, count: number): Promise<{ context: string; partition: number; position: number }[]> => {
    const tokens = [];
    let version: StreamVersion | 'no-stream' = 'no-stream';
    for (let n = 0; n < count; n += 2) {
      const at = '2026-11-23T08:00:00.000Z';
      const metadata = JSON.stringify({
        version: 1,
        at,
        recordedAt: at,
        actor: 'officer.17',
        commandId: 'c',
        bodyHmac: '',
        correlationId: 'c',
      });
      const events = sealChain(
        version,
        stream,
        [n, n + 1].map((data) => ({
          id: `${stream}@${data}`,
          type: data % 3 ? 'Noted' : 'Scribbled',
          data: JSON.stringify({ n: data }),
          metadata,
        })),
      );
      const { revision, position } = await log.append(stream, version, events);
      version = { revision, hash: events.at(-1)!.hash };
      tokens.push({ context: 'patrol', partition: partitionOf(stream), position });
    }
    return tokens;
  };
  const start = (model: ReturnType<typeof sinkDouble>) => ({
    relay: startRelay({ store: log, catalogue, published, bus, signal: abort.signal }),
    consumer: startConsumer({ bus, sink: model.sink, ownContext: 'patrol', known: knownTypes([catalogue]), signal: abort.signal }),
  });

  it('skips nothing and keeps the order of each stream under sixty-four writers', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted', 'patrol.Scribbled');
    const { relay, consumer } = start(model);
    const streams = Array.from({ length: 64 }, (_, index) => `patrol.Thing-${index}`);
    const tokens = await Promise.all(streams.map((stream) => write(stream, 40)));
    await Promise.all(tokens.map((written) => consumer.waitFor(written.at(-1)!, SOON)));
    for (const stream of streams) expect(model.content()[stream]).toEqual(Array.from({ length: 40 }, (_, n) => ({ n })));
    expect(model.applied).toHaveLength(64 * 40);
    await relay.caughtUp(await log.head('patrol.'), SOON);
    expect(await consumer.lag()).toBe(0);
  });

  it('shows a reader each write of its own', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const { consumer } = start(model);
    for (let round = 0; round < 20; round++) {
      const [token] = await write(`patrol.Thing-own-${round}`, 2);
      await consumer.waitFor(token!, SOON);
      expect(model.content()[`patrol.Thing-own-${round}`]).toEqual([{ n: 1 }]);
    }
  });

  it('sends what the log holds as the log holds it', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted', 'patrol.Scribbled');
    const { consumer } = start(model);
    const tokens = await write('patrol.Thing-a', 10);
    await consumer.waitFor(tokens.at(-1)!, SOON);
    const read: PublishedEvent[] = [];
    for await (const page of published(log, catalogue, { after: -1 })) read.push(...page.events);
    expect(model.applied.map((event) => ({ ...event }))).toEqual(read.map((event) => ({ ...event })));
  });

  it("stops the context's relay at a damaged record, with all before it delivered", async () => {
    await write('patrol.Thing-a', 10);
    await write('patrol.Thing-b', 10);
    await log.close();
    const file = new DatabaseSync(join(folder.path, 'log.sqlite'));
    file.exec(`UPDATE events SET data = '{"n":99}' WHERE stream = 'patrol.Thing-b' AND revision = 5`);
    const damaged = file.prepare(`SELECT position FROM events WHERE stream = 'patrol.Thing-b' AND revision = 5`).get()!['position'];
    file.close();
    log = openEventLog(join(folder.path, 'log.sqlite'));
    const model = sinkDouble('patrol.notes', 'patrol.Noted', 'patrol.Scribbled');
    const { relay } = start(model);
    await relay.done;
    expect(relay.status()).toMatchObject({ state: 'stopped', reason: 'damaged-record', position: (damaged as number) - 1 });
    await eventually(() => expect(model.applied).toHaveLength(15));
    expect((await bus.endOffsets(topicOf('patrol'))).reduce((sum, end) => sum + end)).toBe(15);
  });
});
