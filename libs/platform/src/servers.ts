import { isRetriable, Rejection } from '@sanwang/kernel';
import { backoffMs, pause } from '@sanwang/messaging';
import type { Readiness } from '@sanwang/service';
import type { Logger } from '@sanwang/telemetry';

/** A server that the deployment stands on, by the variable of the configuration that says where it is. */
export interface Server {
  readonly variable: string;
  /** Asks for something small; fails when the server is away. */
  check(): Promise<unknown>;
}

/** How the servers are doing, looked at from time to time. */
export interface ServerWatch {
  readiness(): Readiness['parts'];
  /** Resolves when every server has answered once; rejects when the signal aborts before. */
  reached(signal: AbortSignal): Promise<void>;
}

const EVERY_MS = 5_000;
const BACKOFF = { firstMs: 100, maxMs: 2_000 };
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What is wrong with a server's address or credentials is told by the variable's name, and does not pass by waiting. */
export const wrongConfiguration = (variable: string, error: unknown): Rejection =>
  new Rejection('invalid-argument', 'configuration', `The configuration is not valid:\n  ${variable}: ${messageOf(error)}`, {
    violations: [{ field: variable, expected: messageOf(error) }],
    cause: error,
  });

/** Does the work until it succeeds; a server that is away is waited for, and the log says which. */
export const whenReached = async <T>(variable: string, work: () => Promise<T>, logger: Logger, signal: AbortSignal): Promise<T> => {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isRetriable(error)) throw wrongConfiguration(variable, error);
      if (attempt % 10 === 0) logger.warn({ variable, err: error }, 'the server does not answer; it is waited for');
      await pause(backoffMs(attempt, BACKOFF), signal);
    }
  }
};

export const watchServers = (servers: readonly Server[], logger: Logger, signal: AbortSignal): ServerWatch => {
  const states = new Map(servers.map(({ variable }) => [variable, { ready: false, message: 'not asked yet' }]));
  const watch = async ({ variable, check }: Server): Promise<void> => {
    while (!signal.aborted) {
      await pause(EVERY_MS, signal);
      if (signal.aborted) return;
      const before = states.get(variable)!;
      try {
        await check();
        states.set(variable, { ready: true, message: 'answers' });
        if (!before.ready) logger.info({ variable }, 'the server answers again');
      } catch (error) {
        states.set(variable, { ready: false, message: messageOf(error) });
        if (before.ready) logger.warn({ variable, err: error }, 'the server does not answer');
      }
    }
  };
  return {
    readiness: () => [...states].map(([name, state]) => ({ name, ...state })),
    async reached(until) {
      await Promise.all(
        servers.map(async (server) => {
          const { variable, check } = server;
          await whenReached(
            variable,
            () =>
              check().catch((error: unknown) => {
                states.set(variable, { ready: false, message: messageOf(error) });
                throw error;
              }),
            logger,
            until,
          );
          states.set(variable, { ready: true, message: 'answers' });
          void watch(server);
        }),
      );
    },
  };
};
