import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A client that used its connection within this is likely to use it again at any moment, ms. */
const QUIET_MS = 500;
const AT_MOST_MS = 5_000;

/**
 * Lets clients go before a server closes. A request that crosses the closing of its connection on the way is lost to its client;
 * so each answer first says that it is the last of its connection, until none was used for a while.
 */
export const watchClients = (server: Server): { leave(): Promise<void> } => {
  const usedAt = new Map<Socket, number>();
  let isLeaving = false;
  server.on('connection', (socket) => {
    usedAt.set(socket, performance.now());
    socket.once('close', () => usedAt.delete(socket));
  });
  server.prependListener('request', (request, response) => {
    usedAt.set(request.socket, performance.now());
    if (isLeaving) response.shouldKeepAlive = false;
  });
  return {
    async leave() {
      isLeaving = true;
      const end = performance.now() + AT_MOST_MS;
      const isBusy = (): boolean => [...usedAt.values()].some((at) => performance.now() - at < QUIET_MS);
      while (isBusy() && performance.now() < end) await pause(20);
    },
  };
};
