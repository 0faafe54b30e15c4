import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readiness } from '@sanwang/service';
import type { Metrics } from '@sanwang/telemetry';

export interface ProbesOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics;
  readiness(): Readiness;
  /** What keeps the process from its work for good, so that only a new one helps; `undefined` when all goes on. */
  stuck(): string | undefined;
}
export interface Probes {
  readonly http: string;
  close(): Promise<void>;
}

/** `/healthz`, `/readyz` and `/metrics` of a process that serves nothing else by HTTP. */
export const startProbes = async ({ host, port, metrics, readiness, stuck }: ProbesOptions): Promise<Probes> => {
  const answers: Readonly<Record<string, () => Promise<readonly [status: number, type: string, body: string]>>> = {
    '/healthz': async () => {
      const message = stuck();
      return [message === undefined ? 200 : 503, 'application/json', JSON.stringify({ status: message ?? 'ok' })];
    },
    '/readyz': async () => {
      const { ready, parts } = readiness();
      return [ready ? 200 : 503, 'application/json', JSON.stringify({ ready, notReady: parts.filter((part) => !part.ready) })];
    },
    '/metrics': async () => [200, metrics.contentType, await metrics.text()],
  };
  const server = createServer((request, response) => {
    const answer = request.method === 'GET' ? answers[(request.url ?? '').split('?', 1)[0]!] : undefined;
    if (!answer) return void response.writeHead(404).end();
    answer().then(
      ([status, type, body]) => response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve(server.off('error', reject) && undefined));
  });
  const { port: listening } = server.address() as AddressInfo;
  return {
    http: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
