import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Health } from '../health.ts';
import type { LifecycleStage } from '../process/lifecycle.ts';
import { metricsRoute } from './metrics-route.ts';
import { startMetricsServer } from './metrics-server.ts';
import type { HttpServer } from './server.ts';

export interface ListenOptions {
  readonly HOST: string;
  readonly PORT: number;
  /** Where `/metrics` is served instead, on the same host. */
  readonly METRICS_PORT?: number | undefined;
}

/** Time for requests in progress to finish when the process stops, in milliseconds. */
const requestsMs = 5_000;

/**
 * The stage that serves HTTP. When it stops, the process is no longer ready, accepts no new connections and finishes the requests
 * in progress. After five seconds, or when the stop is aborted, it closes the remaining connections.
 */
export const listen = (
  server: HttpServer,
  health: Health,
  { HOST, PORT, METRICS_PORT }: ListenOptions,
): LifecycleStage => ({
  name: 'http',
  start: async () => {
    const idle = idleConnections(server.server);
    if (METRICS_PORT === undefined) metricsRoute(server);
    let metrics: Server | undefined;
    try {
      if (METRICS_PORT !== undefined)
        metrics = await startMetricsServer(HOST, METRICS_PORT).catch(
          explained('METRICS_PORT', HOST, METRICS_PORT),
        );
      await server.listen({ host: HOST, port: PORT }).catch(explained('PORT', HOST, PORT));
    } catch (error) {
      metrics?.close();
      await server.close();
      throw error;
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
        metrics?.closeAllConnections();
        metrics?.close();
      }
    };
  },
});

/**
 * `server.close()` leaves two kinds of idle connections open: those whose last response had not been sent completely, and those
 * that have never sent a request.
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

/** Names the variable of a port that is taken. */
const explained =
  (variable: string, host: string, port: number) =>
  (cause: unknown): never => {
    if (!isTaken(cause)) throw cause;
    throw new Error(`port ${port} on ${host} is taken; set ${variable} to a free one`, { cause });
  };

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
