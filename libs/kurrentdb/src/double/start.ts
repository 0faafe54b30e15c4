import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createFaults, type DoubleFaults } from './faults.ts';
import { openDoubleLog, type DoubleLog } from './log.ts';
import { addServices } from './services.ts';

export interface KurrentDbDoubleOptions {
  /** Folder that holds the log; one of its own that goes with it when absent. */
  readonly data?: string;
  readonly port?: number;
  readonly host?: string;
  /** PEM; without it connections are plain, and users are not asked for, as with the server's `--insecure`. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly user?: { readonly name: string; readonly password: string };
}

export interface KurrentDbDouble {
  /** Without credentials. */
  readonly connectionString: string;
  readonly port: number;
  readonly faults: DoubleFaults;
  /** Stops, breaking what is under way, and starts on the same port with the same data. */
  restart(pauseMs?: number): Promise<void>;
  /** Changes the bytes of a stored record behind the server's back. */
  damage(stream: string, revision: number, change: (data: string) => string): void;
  close(): Promise<void>;
}

/**
 * A double of KurrentDB for tests and for trying the cluster where no real server is to be had: the services of the official
 * client's own protocol files over one SQLite file, every append synced before it is acknowledged. What passes here has
 * proven our use of the client, not the server.
 */
export const startKurrentDbDouble = async (options: KurrentDbDoubleOptions = {}): Promise<KurrentDbDouble> => {
  const { host = '127.0.0.1', tls } = options;
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'kurrentdb-double-'));
  mkdirSync(data, { recursive: true });
  const sockets = new Set<Socket>();
  const faults = createFaults(() => {
    for (const socket of sockets) socket.destroy();
  });
  let running: { readonly listener: TcpServer; readonly server: Server; readonly log: DoubleLog } | undefined;
  let port = options.port ?? 0;

  const start = async (): Promise<void> => {
    const log = openDoubleLog(join(data, 'kurrentdb-double.db'));
    const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    addServices(server, log, faults, options.user);
    const credentials = tls
      ? ServerCredentials.createSsl(null, [{ private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }])
      : ServerCredentials.createInsecure();
    const injector = server.createConnectionInjector(credentials);
    const listener = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
      injector.injectConnection(socket);
    });
    listener.listen(port, host);
    await once(listener, 'listening');
    port = (listener.address() as AddressInfo).port;
    running = { listener, server, log };
  };
  const stop = async (): Promise<void> => {
    if (!running) return;
    const { listener, server, log } = running;
    running = undefined;
    faults.cut();
    await new Promise((resolve) => listener.close(resolve));
    server.forceShutdown();
    // What was asked for in this turn is committed in the next.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    log.close();
  };

  await start();
  return {
    connectionString: `kurrentdb://${host}:${port}?tls=${tls ? 'true' : 'false'}`,
    port,
    faults,
    async restart(pauseMs = 0) {
      await stop();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await start();
    },
    damage: (stream, revision, change) => running!.log.damage(stream, revision, change),
    async close() {
      await stop();
      if (options.data === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
};
