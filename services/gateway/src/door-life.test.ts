import { request as httpRequest } from 'node:http';
import { BusinessServiceDefinition } from '@sanwang/contracts/registration';
import { PatrolServiceDefinition } from '@sanwang/contracts/patrol';
import { Rejection } from '@sanwang/kernel';
import { connectGrpc, rejectionOf, type GrpcConnection } from '@sanwang/rpc';
import { startTrial } from '@sanwang/platform/trial';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCity, restaurant, routineTask, type City } from './fixture/city.ts';
import { isServing, listedServices } from './fixture/grpc.ts';

const thrown = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
const facts = (error: unknown): object => {
  expect(error).toBeInstanceOf(Rejection);
  const { code, reason, message, violations } = error as Rejection;
  return { code, reason, message, violations };
};

describe('gRPC', () => {
  let city: City;
  let connection: GrpcConnection;
  beforeAll(async () => {
    city = await openCity();
    connection = connectGrpc(city.grpc);
  });
  afterAll(async () => {
    connection.close();
    await city.trial.stop();
  });

  test('refuses for the same reason as REST, field by field', async () => {
    const patrol = connection.client(PatrolServiceDefinition, { token: await city.token('desk') });
    const task = { ...routineTask('local.sz.none'), title: '', channel: 'rumour' } as never;
    const rest = rejectionOf((await city.ask('POST /v1/patrol/tasks', { body: task })).body);
    expect(rest.violations.map(({ field }) => field)).toEqual(['channel', 'title']);
    expect(facts(await thrown(patrol.poolTask(task)))).toEqual(facts(rest));
    const unknown = rejectionOf((await city.ask('GET /v1/patrol/tasks/none')).body);
    expect(facts(await thrown(patrol.getTask({ id: 'none' })))).toEqual(facts(unknown));
    const nobody = connection.client(PatrolServiceDefinition, { token: 'abc' });
    expect(facts(await thrown(nobody.getTask({ id: 'none' })))).toMatchObject({ code: 'unauthenticated', reason: 'token-malformed' });
  });
  test('sees what was done by REST, with its read token', async () => {
    const { id, readToken } = await city.done('POST /v1/businesses', 'desk', restaurant('g', '440304006'));
    const businesses = connection.client(BusinessServiceDefinition, { token: await city.token('desk') });
    expect(await businesses.getBusiness({ id }, { readTokens: [String(readToken)] })).toMatchObject({ id, name: '面馆 g' });
  });
  test('tells its health and its services', async () => {
    expect(await isServing(city.grpc)).toBe(true);
    const services = await listedServices(city.grpc);
    for (const { service } of city.trial.host.endpoints) expect(services).toContain(service.fullName);
  });
});

describe('a rate limit', () => {
  test('tells the caller how long to wait, and leaves others alone', async () => {
    const city = await openCity({ env: { SANWANG_RATE_LIMIT: '5' } });
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, () => city.ask('GET /v1/units', { as: 'o1' })));
      const limited = answers.filter(({ status }) => status === 429);
      expect(limited.length).toBeGreaterThanOrEqual(9);
      expect(limited[0]).toMatchObject({ body: { code: 'resource-exhausted', reason: 'rate-limited' } });
      expect(Number(limited[0]!.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect((await city.ask('GET /v1/units', { as: 'o2' })).status).toBe(200);
    } finally {
      await city.trial.stop();
    }
  });
});

describe('a simulation', () => {
  test('shows its clock in every answer, also of refusals', async () => {
    const trial = await startTrial({ listen: true });
    try {
      await trial.call('SimulationService/begin', { clock: '2012-03-01T15:00:00.000Z' });
      await trial.host.settle(Date.now() + 10_000);
      const { http } = trial.host.door!;
      for (const path of ['/v1/units', '/healthz', '/nowhere'])
        expect((await fetch(http + path)).headers.get('sanwang-simulation')).toBe('2012-03-01T15:00:00.000Z');
    } finally {
      await trial.stop();
    }
  });
});

test('a platform one of whose models has stopped is not ready, and names it', async () => {
  const trial = await startTrial({ listen: true });
  try {
    await trial.host.services.find(({ definition }) => definition.context === 'overview')!.stop();
    const answer = await fetch(`${trial.host.door!.http}/readyz`);
    expect([answer.status, await answer.json()]).toMatchObject([503, { ready: false, notReady: expect.any(Array) as unknown }]);
    expect((await fetch(`${trial.host.door!.http}/healthz`)).status).toBe(200);
  } finally {
    await trial.stop();
  }
});

describe('a drain', () => {
  test('answers what was accepted, then takes nothing more', async () => {
    const city = await openCity();
    const body = JSON.stringify(restaurant('late', '440304006'));
    const headers = {
      authorization: `Bearer ${await city.token('desk')}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    // A request whose body is still on its way when the drain begins.
    const answered = new Promise<number | undefined>((resolve, reject) => {
      const sent = httpRequest(`${city.http}/v1/businesses`, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.write(body.slice(0, 10));
      setTimeout(() => sent.end(body.slice(10)), 300);
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const drained = city.trial.stop();
    expect(await answered).toBe(200);
    await drained;
    await expect(fetch(`${city.http}/healthz`)).rejects.toThrow();
    const connection = connectGrpc(city.grpc);
    const late = await thrown(connection.client(PatrolServiceDefinition, { timeoutMs: 500 }).getTask({ id: 'x' }));
    expect((late as Rejection).code).toMatch(/unavailable|deadline/);
    connection.close();
  });
  test('does not wait for a client that never finishes', async () => {
    const city = await openCity({ env: { SANWANG_DRAIN_SECONDS: '1' } });
    const headers = { authorization: `Bearer ${await city.token('desk')}`, 'content-type': 'application/json', 'content-length': 100 };
    const sent = httpRequest(`${city.http}/v1/businesses`, { method: 'POST', headers });
    const broken = new Promise((resolve) => sent.on('error', resolve));
    sent.write('{');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await city.trial.stop();
    await broken;
  });
});
