import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startProxy, type Proxy } from './proxy.ts';

let echo: Server;
let arrived: string[];
let proxy: Proxy;
const clients: Socket[] = [];
beforeEach(async () => {
  arrived = [];
  echo = createServer((socket) =>
    socket.on('error', () => undefined).on('data', (chunk) => (arrived.push(String(chunk)), socket.write(chunk))),
  );
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  proxy = await startProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

const connect = () => {
  const client = createConnection({ host: proxy.host, port: proxy.port });
  clients.push(client);
  let heard = '';
  let closed = false;
  client
    .on('error', () => undefined)
    .on('data', (chunk) => (heard += String(chunk)))
    .on('close', () => (closed = true));
  return { say: (text: string) => client.write(text), heard: () => heard, closed: () => closed };
};
const until = (check: () => boolean) => expect.poll(check, { timeout: 3_000, interval: 5 }).toBe(true);

describe('a proxy', () => {
  test('passes everything on in order while it is open', async () => {
    const one = connect();
    for (let n = 0; n < 50; n++) one.say(`${n},`);
    await until(() => one.heard() === Array.from({ length: 50 }, (_, n) => `${n},`).join(''));
  });
  test('cuts the connections that stand and takes no new one until it is open again', async () => {
    const one = connect();
    one.say('a');
    await until(() => one.heard() === 'a');
    proxy.set({ kind: 'cut' });
    await until(() => one.closed());
    const two = connect();
    await until(() => two.closed());
    proxy.set({ kind: 'open' });
    const three = connect();
    three.say('b');
    await until(() => three.heard() === 'b');
  });
  test('lets nothing pass while it stalls, and loses nothing of it', async () => {
    const one = connect();
    proxy.set({ kind: 'stalled' });
    one.say('a');
    await pause(50);
    expect([arrived, one.heard()]).toEqual([[], '']);
    proxy.set({ kind: 'open' });
    await until(() => one.heard() === 'a');
  });
  test('half open, it takes requests to the server and drops the answers; open again, such a connection ends', async () => {
    const one = connect();
    proxy.set({ kind: 'half-open' });
    one.say('a');
    await until(() => arrived.length === 1);
    await pause(30);
    expect([one.heard(), one.closed()]).toEqual(['', false]);
    proxy.set({ kind: 'open' });
    await until(() => one.closed());
  });
  test('slow, it delays each chunk and keeps the order', async () => {
    proxy.set({ kind: 'slow', ms: 40 });
    const one = connect();
    const began = Date.now();
    one.say('a');
    one.say('b');
    await until(() => one.heard() === 'ab');
    expect(Date.now() - began).toBeGreaterThanOrEqual(75);
  });
});
