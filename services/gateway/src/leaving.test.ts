import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchClients } from './leaving.ts';

const ask = (port: number, agent: Agent): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get({ port, agent, host: '127.0.0.1' }, (answer) => answer.resume().once('end', () => resolve(answer))).once('error', reject);
  });

it('tells a busy client that its connection ends, and loses none of its requests', async () => {
  const server = createServer((_request, response) => response.end('x'));
  const clients = watchClients(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect((await ask(port, agent)).headers.connection).toBe('keep-alive');
  const left = clients.leave();
  expect((await ask(port, agent)).headers.connection).toBe('close');
  await left;
  server.close();
});

it('waits for no client that was quiet for a while', async () => {
  const server = createServer((_request, response) => response.end('x'));
  const clients = watchClients(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new Agent({ keepAlive: true });
  await ask((server.address() as AddressInfo).port, agent);
  await pause(600);
  const begun = performance.now();
  await clients.leave();
  expect(performance.now() - begun).toBeLessThan(100);
  agent.destroy();
  server.close();
});
