import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Health } from '../health.ts';
import type { LifecycleStage } from '../lifecycle.ts';
import type { HttpServer } from './server.ts';

export interface Listening {
  readonly HOST: string;
  readonly PORT: number;
}

/** For requests in progress to finish when the process stops, in milliseconds. */
const requestsMs = 5_000;

/**
 * The step that serves HTTP. Its stop turns readiness off, takes no new connection, lets requests in progress finish and
 * closes the connections; after five seconds, or when the time is nearly up, it cuts those that are left.
 */
export const listen = (server: HttpServer, health: Health, { HOST, PORT }: Listening): LifecycleStage => ({
  name: 'http',
  start: async () => {
    const idle = idleConnections(server.server);
    try {
      await server.listen({ host: HOST, port: PORT });
    } catch (cause) {
      await server.close();
      throw isTaken(cause)
        ? new Error(`port ${PORT} on ${HOST} is taken; set PORT to a free one`, { cause })
        : cause;
    }
    return async (signal) => {
      health.drain();
      const over = AbortSignal.any([signal, AbortSignal.timeout(requestsMs)]);
      over.addEventListener('abort', () => server.server.closeAllConnections(), { once: true });
      const sweep = setInterval(idle.close, 50);
      try {
        await server.close();
      } finally {
        clearInterval(sweep);
      }
    };
  },
});

/**
 * Closing a server leaves two kinds of idle connection open: one whose answer was just on its way out, and one that was
 * opened ahead of need and never asked anything.
 */
const idleConnections = (server: Server) => {
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }) => unused.delete(socket));
  return {
    close: (): void => {
      server.closeIdleConnections();
      for (const socket of unused) socket.destroy();
    },
  };
};

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
