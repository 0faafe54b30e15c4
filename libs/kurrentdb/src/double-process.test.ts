import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOG_START } from '@sanwang/event-store';
import { chained, collect, event, freshContext } from '@sanwang/event-store/conformance';
import { expect, it } from 'vitest';
import { startDoubleProcess } from './fixtures/double-process.ts';
import { openKurrentDb } from './index.ts';

it('says that it is a double, and holds every append that it acknowledged when it is killed under load', async () => {
  const data = mkdtempSync(join(tmpdir(), 'kurrentdb-killed-'));
  const context = freshContext();
  let process = await startDoubleProcess(data);
  expect(process.line).toMatch(/^double of KurrentDB/);
  const { port } = process;
  const store = openKurrentDb(`kurrentdb://127.0.0.1:${port}?tls=false`);
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    let stopped = false;
    const least = acknowledged.length + 100;
    const writers = Array.from({ length: 24 }, async (_, writer) => {
      for (let n = 0; !stopped; n++) {
        const stream = `${context}.Thing-${round}x${writer}x${n}`;
        const done = await store.append(stream, 'no-stream', chained(stream, 'no-stream', event(), event())).catch(() => undefined);
        if (!done) return;
        acknowledged.push(stream);
        if (acknowledged.length >= least) stopped = true;
      }
    });
    await Promise.race(writers);
    await process.end('SIGKILL');
    stopped = true;
    await Promise.all(writers);
    process = await startDoubleProcess(data, port);
  }
  const log = Map.groupBy(await collect(store.readAll({ prefix: `${context}.`, after: LOG_START })), ({ stream }) => stream);
  for (const stream of acknowledged) expect(log.get(stream)).toHaveLength(2);
  for (const events of log.values()) expect(events).toHaveLength(2);
  await store.close();
  expect(await process.end('SIGTERM')).toBe(0);
  rmSync(data, { recursive: true });
});
