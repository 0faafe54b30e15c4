import { connectHttp, type HttpConnection } from './http-client.ts';

/** Runs `work` over so many connections, each with one call at a time, until `next` gives no more. */
export const closedLoop = async <Item>(
  http: string,
  inFlight: number,
  next: () => Item | undefined,
  work: (connection: HttpConnection, item: Item) => Promise<void>,
): Promise<{ readonly done: number; readonly seconds: number }> => {
  const connections = await Promise.all(Array.from({ length: inFlight }, () => connectHttp(http)));
  let done = 0;
  const begun = performance.now();
  try {
    await Promise.all(
      connections.map(async (connection) => {
        for (let item = next(); item !== undefined; item = next()) {
          await work(connection, item);
          done++;
        }
      }),
    );
    return { done, seconds: (performance.now() - begun) / 1000 };
  } finally {
    for (const connection of connections) connection.close();
  }
};

/** 0, 1, 2 … `count` of them. */
export const upTo = (count: number): (() => number | undefined) => {
  let n = 0;
  return () => (n < count ? n++ : undefined);
};
/** Numbers until the time is over. */
export const during = (seconds: number): (() => number | undefined) => {
  const end = performance.now() + seconds * 1000;
  let n = 0;
  return () => (performance.now() < end ? n++ : undefined);
};

/**
 * Starts calls at a fixed rate whether or not earlier ones were answered: late answers do not slow the load down. More
 * connections are opened as needed.
 */
export const openLoop = async (
  http: string,
  options: { readonly perSecond: number; readonly seconds: number },
  work: (connection: HttpConnection, n: number) => Promise<void>,
): Promise<void> => {
  const idle: HttpConnection[] = [];
  const all: HttpConnection[] = [];
  const running = new Set<Promise<void>>();
  const begun = performance.now();
  const total = Math.floor(options.perSecond * options.seconds);
  const one = async (n: number): Promise<void> => {
    let connection = idle.pop();
    if (!connection) all.push((connection = await connectHttp(http)));
    await work(connection, n);
    idle.push(connection);
  };
  for (let n = 0; n < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1000) * options.perSecond) + 1);
    for (; n < due; n++) {
      const call = one(n).finally(() => running.delete(call));
      running.add(call);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running);
  for (const connection of all) connection.close();
};

/** Callers who are connected before the time begins. */
export interface Crowd {
  /** Asks at a rate of its own: who is not answered in time asks again at once when he is. The server sees at most one call of each. */
  ask(load: { readonly perSecond: number; readonly seconds: number }, work: (connection: HttpConnection) => Promise<void>): Promise<void>;
  leave(): void;
}
export const connectCrowd = async (http: string, callers: number): Promise<Crowd> => {
  const connections: HttpConnection[] = [];
  for (let n = 0; n < callers; n++) connections.push(await connectHttp(http));
  return {
    async ask({ perSecond, seconds }, work) {
      const every = (callers / perSecond) * 1_000;
      const begun = performance.now();
      const end = begun + seconds * 1_000;
      const call = async (connection: HttpConnection, n: number): Promise<void> => {
        for (let due = begun + (every * n) / callers; due < end; due += every) {
          const early = due - performance.now();
          if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
          if (performance.now() < end) await work(connection);
        }
      };
      await Promise.all(connections.map(call));
    },
    leave() {
      for (const connection of connections) connection.close();
    },
  };
};
