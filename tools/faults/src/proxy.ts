import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

/** How a proxy treats what passes through it. */
export type Passage =
  /** Everything passes. */
  | { readonly kind: 'open' }
  /** Connections are closed and new ones refused at once (RST). */
  | { readonly kind: 'cut' }
  /** Connections stay and are accepted, but nothing passes in either direction: what a broken switch looks like. */
  | { readonly kind: 'stalled' }
  /** What the server answers is dropped, requests still arrive: acknowledgements are lost. */
  | { readonly kind: 'half-open' }
  /** Every chunk is delayed by so many ms. */
  | { readonly kind: 'slow'; readonly ms: number };

/** A TCP proxy before a server, for faults of the network between any two. */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** From now on; also for the connections that stand, except that what was dropped stays lost: a dropped chunk ends its connection when the passage opens again. */
  set(passage: Passage): void;
  connections(): number;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** A chunk was dropped: the two no longer agree, so the connection cannot go on. */
  torn: boolean;
}

/** Listens on a port of the loopback address (0: any free one) and passes on to `target`. */
export const startProxy = async (target: { readonly host: string; readonly port: number }, port = 0): Promise<Proxy> => {
  let passage: Passage = { kind: 'open' };
  const pairs = new Set<Pair>();
  const waiting = new Set<() => void>();
  const end = (pair: Pair): void => {
    pairs.delete(pair);
    pair.client.resetAndDestroy();
    pair.server.destroy();
  };
  const opened = (): Promise<void> => new Promise((resolve) => void waiting.add(resolve));

  const flow = (pair: Pair, from: Socket, to: Socket, isAnswer: boolean): void => {
    let queue: Promise<void> = Promise.resolve();
    const pass = async (chunk: Buffer): Promise<void> => {
      const arrived = Date.now();
      while (passage.kind === 'stalled') await opened();
      if (passage.kind === 'half-open' && isAnswer) {
        pair.torn = true;
        return;
      }
      if (passage.kind === 'slow')
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, arrived + (passage as { ms: number }).ms - Date.now())));
      if (!to.destroyed) to.write(chunk);
    };
    from.on('data', (chunk: Buffer) => (queue = queue.then(() => pass(chunk))));
    from.on('error', () => end(pair));
    from.on('end', () => void queue.then(() => to.end()));
    from.on('close', () => void queue.then(() => end(pair)));
  };

  const server = createServer({ noDelay: true }, (client) => {
    if (passage.kind === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const upstream = createConnection({ ...target, noDelay: true });
    const pair: Pair = { client, server: upstream, torn: false };
    pairs.add(pair);
    flow(pair, client, upstream, false);
    flow(pair, upstream, client, true);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    set(next) {
      passage = next;
      for (const resolve of waiting) resolve();
      waiting.clear();
      for (const pair of pairs) if (next.kind === 'cut' || (next.kind === 'open' && pair.torn)) end(pair);
    },
    connections: () => pairs.size,
    async close() {
      for (const pair of pairs) end(pair);
      for (const resolve of waiting) resolve();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
