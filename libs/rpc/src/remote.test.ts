import { Rejection } from '@sanwang/kernel';
import { makeTls, type TlsFiles } from '@sanwang/testing/tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addressesOf } from './addresses-of.ts';
import type { Call } from './api.ts';
import { connectGrpc, type GrpcConnection } from './client.ts';
import { localEndpoint, type Invocation } from './endpoint.ts';
import { fixtureDescriptors, notesApi } from './fixture/notes.ts';
import { createGrpcServer } from './grpc.ts';
import { remoteEndpoint } from './remote-endpoint.ts';

let tls: TlsFiles;
beforeAll(async () => void (tls = await makeTls()));
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A server that refuses its first calls, as told. */
const serve = async ({ port = 0, refuse = 0, code = 'unavailable' as Rejection['code'] } = {}) => {
  let left = refuse;
  const seen: Invocation[] = [];
  const local = localEndpoint(notesApi(), [
    (next) => async (invocation) => {
      seen.push(invocation);
      if (left-- > 0) throw new Rejection(code, 'told-to', 'Told to.');
      return next(invocation);
    },
  ]);
  const server = createGrpcServer({
    endpoints: [local],
    descriptors: fixtureDescriptors(),
    authenticate: async (token) => ({ subject: token, kind: 'officer' }),
    tls,
  });
  const bound = await server.listen(`127.0.0.1:${port}`);
  const close = () => server.close(100);
  closing.push(close);
  return { port: bound, seen, close };
};
const connect = (target: string, ca = tls.ca): GrpcConnection => {
  const connection = connectGrpc(target, { tls: { ca }, service: 'pilot' });
  closing.push(() => connection.close());
  return connection;
};
const api = notesApi();
const invoke = (connection: GrpcConnection, method: string, request: unknown, more: Partial<Call> = {}) =>
  remoteEndpoint(api, connection).invoke({
    service: api.service,
    method,
    request,
    call: {
      principal: { subject: 'o1', kind: 'officer' },
      method: `${api.service.fullName}/${method}`,
      readTokens: [],
      correlationId: 'c1',
      token: 'o1',
      deadline: Date.now() + 3_000,
      ...more,
    },
  });
const rejection = async (work: Promise<unknown>): Promise<Rejection> => {
  const error = await work.then(
    () => expect.unreachable('was not refused'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Rejection);
  return error as Rejection;
};
const DOWN = { code: 'unavailable', reason: 'service-unavailable', facts: { service: 'pilot' } };

describe('a call to another process', () => {
  it('is made again while the service is away, when it may be repeated', async () => {
    const server = await serve({ refuse: 2 });
    const connection = connect(`dns:///127.0.0.1:${server.port}`);
    expect(await invoke(connection, 'listNotes', {})).toMatchObject({ items: [] });
    expect(server.seen).toHaveLength(3);
  });
  it('with an idempotency key carries the same key each time', async () => {
    const server = await serve({ refuse: 3 });
    const connection = connect(`dns:///127.0.0.1:${server.port}`);
    expect(await invoke(connection, 'countWords', { text: 'a b' }, { idempotencyKey: 'k1' })).toEqual({ words: 2 });
    expect(server.seen.map(({ call }) => call.idempotencyKey)).toEqual(['k1', 'k1', 'k1', 'k1']);
  });
  it('is made once without a key, and once where the service is there and refuses', async () => {
    const away = await serve({ refuse: 1 });
    expect(await rejection(invoke(connect(`dns:///127.0.0.1:${away.port}`), 'countWords', { text: 'a' }))).toMatchObject({
      reason: 'told-to',
    });
    expect(away.seen).toHaveLength(1);
    const full = await serve({ refuse: 1, code: 'resource-exhausted' });
    expect(await rejection(invoke(connect(`dns:///127.0.0.1:${full.port}`), 'listNotes', {}))).toMatchObject({ reason: 'told-to' });
    expect(full.seen).toHaveLength(1);
  });
  it('does not leave this process when the request is wrong', async () => {
    const server = await serve();
    const wrong = invoke(connect(`dns:///127.0.0.1:${server.port}`), 'listNotes', { pageSize: 0 });
    expect(await rejection(wrong)).toMatchObject({ code: 'invalid-argument', violations: [{ field: 'pageSize' }] });
    expect(server.seen).toHaveLength(0);
  });
  it('carries the deadline on', async () => {
    const server = await serve();
    const deadline = Date.now() + 700;
    await invoke(connect(`dns:///127.0.0.1:${server.port}`), 'listNotes', {}, { deadline });
    expect(Math.abs(server.seen[0]!.call.deadline - deadline)).toBeLessThan(100);
  });
  it('tells at once that the service is down, and finds it again when it is back', async () => {
    const first = await serve();
    const connection = connect(`dns:///127.0.0.1:${first.port}`);
    await invoke(connection, 'listNotes', {});
    await first.close();
    const before = Date.now();
    expect(await rejection(invoke(connection, 'countWords', { text: 'a' }))).toMatchObject(DOWN);
    expect(Date.now() - before).toBeLessThan(1_500);
    const second = await serve({ port: first.port });
    await expect
      .poll(() => invoke(connection, 'countWords', { text: 'a' }).catch(() => undefined), { timeout: 8_000 })
      .toEqual({ words: 1 });
    expect(second.seen.length).toBeGreaterThan(0);
  });
  it('is not made to a server of another CA', async () => {
    const server = await serve();
    const connection = connect(`dns:///127.0.0.1:${server.port}`, (await makeTls()).ca);
    expect(await rejection(invoke(connection, 'countWords', { text: 'a' }))).toMatchObject(DOWN);
    expect(server.seen).toHaveLength(0);
  });
  it('is not made to a server with a certificate for another name', async () => {
    const ours = tls;
    tls = await makeTls(['elsewhere.test']);
    const server = await serve();
    const connection = connect(`dns:///127.0.0.1:${server.port}`);
    tls = ours;
    expect(await rejection(invoke(connection, 'countWords', { text: 'a' }))).toMatchObject(DOWN);
  });
});

describe('several addresses of a service', () => {
  it('take turns', async () => {
    const [one, two] = [await serve(), await serve()];
    const connection = connect(`ipv4:127.0.0.1:${one.port},127.0.0.1:${two.port}`);
    await expect
      .poll(async () => {
        await invoke(connection, 'listNotes', {});
        return Math.min(one.seen.length, two.seen.length);
      })
      .toBeGreaterThan(2);
    await one.close();
    const before = two.seen.length;
    for (let n = 0; n < 10; n++) await invoke(connection, 'listNotes', {});
    expect(two.seen.length).toBe(before + 10);
  });
  it('can be told one by one', async () => {
    expect(await addressesOf('ipv4:10.0.0.1:8081,10.0.0.2:8081')).toEqual([
      { target: 'ipv4:10.0.0.1:8081' },
      { target: 'ipv4:10.0.0.2:8081' },
    ]);
    const found = await addressesOf('dns:///localhost:8081');
    expect(found).toContainEqual({ target: 'ipv4:127.0.0.1:8081', serverName: 'localhost' });
    expect(await rejection(addressesOf('dns:///nowhere.invalid:8081'))).toMatchObject({ ...DOWN, facts: { service: 'nowhere.invalid' } });
  });
  it('are called one by one under the name of all', async () => {
    const server = await serve();
    const [address] = await addressesOf(`dns:///localhost:${server.port}`);
    const connection = connectGrpc(`ipv4:127.0.0.1:${server.port}`, { tls: { ca: tls.ca }, serverName: address!.serverName! });
    closing.push(() => connection.close());
    expect(await invoke(connection, 'listNotes', {})).toMatchObject({ items: [] });
  });
});
