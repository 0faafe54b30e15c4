import { randomBytes } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { localKms } from '@sanwang/event-store';
import { servers } from '@sanwang/testing/servers';
import { expect, it } from 'vitest';
import { testDatabase } from './fixture.ts';
import { openMongo } from './mongo.ts';

const kms = localKms(randomBytes(32));

it('opens all the ports of one database, which answer, also when it is opened again', async () => {
  const database = await testDatabase();
  for (const round of [1, 2]) {
    const ports = await openMongo(database.uri, { kms });
    await ports.keys.ensure([`officer.${round}`]);
    expect((await ports.keys.find(['officer.1'])).size).toBe(1);
    expect(await ports.leases.read('none')).toBeUndefined();
    expect(await ports.attachments.storedBefore('9999-01-01T00:00:00.000Z')).toEqual([]);
    expect(await ports.checkpoints.contexts()).toEqual([]);
    expect(Math.abs(Date.parse(await ports.clock()) - Date.now())).toBeLessThan(60_000);
    await ports.close();
  }
  await database.drop();
});

it('says at once that an address is none, without its password', async () => {
  const opening = openMongo('mongodb://patrol:secret@db-1/sanwang?retryWrite=yes', { kms });
  const error = await opening.catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'invalid-argument',
    reason: 'mongodb-uri',
    message: expect.stringContaining('retrywrite') as string,
  });
  expect((error as Error).message).not.toContain('secret');
});

it('says within seconds which server does not answer: one that is away, and one that takes connections only', async () => {
  const mute = createServer(() => undefined);
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const { port } = mute.address() as AddressInfo;
  const opening = [1, port].map(async (one) => {
    const begin = Date.now();
    await expect(openMongo(`mongodb://patrol:secret@127.0.0.1:${one}/sanwang`, { kms })).rejects.toMatchObject({
      code: 'unavailable',
      reason: 'database-unavailable',
      message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${one}/sanwang \\(user patrol\\) cannot be reached`)) as string,
    });
    expect(Date.now() - begin).toBeLessThan(15_000);
  });
  await Promise.all(opening);
  mute.close();
});

it('goes on by itself when a server that was away is there again', async () => {
  const address = new URL((await servers()).mongodb);
  const { hostname, port } = address;
  const sockets = new Set<Socket>();
  const proxy = createServer((socket) => {
    const server = connect(Number(port), hostname);
    for (const one of [socket, server]) {
      sockets.add(one);
      one.on('error', () => undefined).on('close', () => sockets.delete(one));
    }
    socket.pipe(server).pipe(socket);
  });
  const listen = (at: number): Promise<void> => new Promise((resolve) => proxy.listen(at, '127.0.0.1', resolve));
  await listen(0);
  const { port: at } = proxy.address() as AddressInfo;
  const name = `sanwang-test-${randomBytes(5).toString('hex')}`;
  address.host = `127.0.0.1:${at}`;
  address.pathname = `/${name}`;
  address.searchParams.set('directConnection', 'true');
  const ports = await openMongo(address.href, { kms });
  await ports.keys.ensure(['officer.1']);
  const closed = new Promise((resolve) => proxy.close(resolve));
  for (const socket of sockets) socket.destroy();
  await closed;
  await expect(ports.keys.find(['officer.1'])).rejects.toMatchObject({ code: 'unavailable', reason: 'database-unavailable' });
  await listen(at);
  expect((await ports.keys.find(['officer.1'])).size).toBe(1);
  await ports.close();
  for (const socket of sockets) socket.destroy();
  proxy.close();
  const cleaning = await testDatabase();
  await cleaning.connect().client.db(name).dropDatabase();
  await cleaning.drop();
});
