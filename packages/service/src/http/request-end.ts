import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** How a request ended. */
export interface RequestEnd {
  /** That of the response; 499 when the caller disconnected before it was complete. */
  readonly status: number;
  /** Milliseconds. */
  readonly durationMs: number;
  /** Its response is an event stream, which its client ends by disconnecting: it has the status of its beginning. */
  readonly isStream: boolean;
}

/** Not a status of HTTP, but what proxies write into their logs: nobody receives it. */
const clientClosedRequest = 499;

/** Calls `ended` once for each request, also when the caller disconnects before the response is complete. */
export const onRequestEnd = (
  server: FastifyInstance,
  ended: (request: FastifyRequest, end: RequestEnd) => void,
): void => {
  const open = new WeakSet<FastifyRequest>();

  const end = (request: FastifyRequest, reply: FastifyReply, isComplete: boolean): void => {
    if (!open.delete(request)) return;
    const isStream = String(reply.getHeader('content-type')).startsWith('text/event-stream');
    const status = isComplete || isStream ? reply.statusCode : clientClosedRequest;
    ended(request, { status, durationMs: reply.elapsedTime, isStream });
  };

  server.addHook('onRequest', (request, reply, done) => {
    open.add(request);
    // `onResponse` alone would miss callers that disconnect.
    reply.raw.once('close', () => end(request, reply, false));
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    end(request, reply, true);
    done();
  });
};
