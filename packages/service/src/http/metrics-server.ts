import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { metricsEnabled, scrape } from '@emporium/telemetry';

/** A client that does not read its response for so long loses the connection, in milliseconds. */
const readMs = 30_000;
const maxConnections = 100;

/** Serves `/metrics` alone, for a process whose other port is public. Does nothing with `METRICS=off`. */
export const startMetricsServer = async (host: string, port: number): Promise<Server | undefined> => {
  if (!metricsEnabled()) return undefined;
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.maxConnections = maxConnections;
  server.setTimeout(readMs);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise;
  return server;
};

const answer = async ({ method, url, headers }: IncomingMessage, response: ServerResponse): Promise<void> => {
  if (url?.split('?', 1)[0] !== '/metrics') {
    response.writeHead(404).end();
  } else if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
  } else {
    const { contentType, text } = await scrape(headers.accept);
    response
      .writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) })
      .end(method === 'HEAD' ? undefined : text);
  }
};
