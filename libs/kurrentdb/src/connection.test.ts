import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chained, event, expectRejection, freshContext, rejection } from '@sanwang/event-store/conformance';
import { makeTls } from '@sanwang/testing/tls';
import { expect, it } from 'vitest';
import { startKurrentDbDouble } from './double.ts';
import { openKurrentDb } from './index.ts';

const SECRET = 'geheim-42';

it('speaks TLS with the CA of the connection string, and sends its credentials', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kurrentdb-tls-'));
  const [tls, other] = [await makeTls(), await makeTls()];
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return encodeURIComponent(join(folder, name));
  };
  const double = await startKurrentDbDouble({ tls, user: { name: 'sanwang', password: SECRET } });
  const open = (credentials: string, ca: string) =>
    openKurrentDb(`kurrentdb://${credentials}@localhost:${double.port}?tls=true&tlsCAFile=${ca}`, { deadlineMs: 2_000 });
  const ca = file('ca.pem', tls.ca);
  const stream = `${freshContext()}.Thing-1`;
  const append = (store: ReturnType<typeof open>) => store.append(stream, 'no-stream', chained(stream, 'no-stream', event()));
  const [right, wrong, stranger] = [
    open(`sanwang:${SECRET}`, ca),
    open(`sanwang:${SECRET}-not`, ca),
    open(`sanwang:${SECRET}`, file('other.pem', other.ca)),
  ];
  try {
    await append(right);
    expect(await right.readStream(stream)).toHaveLength(1);
    for (const work of [append(wrong), wrong.readStream(stream), wrong.head('')]) {
      const failure = await rejection(work);
      expect(failure).toMatchObject({ code: 'unavailable', reason: 'event-store-denied' });
      expect(failure.message).toContain(`localhost:${double.port}`);
      expect(failure.message).not.toContain(SECRET);
    }
    const signal = new AbortController().signal;
    const following = async (): Promise<void> => {
      for await (const page of wrong.subscribe({ prefix: '', after: -1, signal })) expect(page).toBeUndefined();
    };
    await expectRejection(following(), 'unavailable', 'event-store-denied');
    const failure = await rejection(append(stranger));
    expect(failure).toMatchObject({ code: 'unavailable', reason: 'event-store-unavailable' });
    expect(failure.message).toMatch(/certificate/);
  } finally {
    for (const store of [right, wrong, stranger]) await store.close();
    await double.close();
    rmSync(folder, { recursive: true });
  }
});

it.each([
  ['another scheme', `mongodb://sanwang:${SECRET}@host`],
  ['no host', `kurrentdb://sanwang:${SECRET}@`],
  ['a user without a password', `kurrentdb://${SECRET}@host`],
  ['a password that is not encoded', `kurrentdb://sanwang:a@${SECRET}@host`],
  ['an option that does not exist', `kurrentdb://sanwang:${SECRET}@host?tlsCaPath=x`],
  ['an option of the wrong type', `kurrentdb://sanwang:${SECRET}@host?tls=perhaps`],
  ['a port that is none', `kurrentdb://sanwang:${SECRET}@host:port`],
  ['a file that is not there', `kurrentdb://sanwang:${SECRET}@host?tls=true&tlsCAFile=/not/there.pem`],
  ['credentials without TLS', `kurrentdb://sanwang:${SECRET}@host?tls=false`],
])('refuses a connection string with %s, without showing it', (_, connectionString) => {
  let failure: unknown;
  try {
    openKurrentDb(connectionString);
  } catch (error) {
    failure = error;
  }
  expect(failure).toMatchObject({ code: 'invalid-argument', reason: 'kurrentdb-connection' });
  expect(String((failure as Error).message)).not.toContain(SECRET);
});
