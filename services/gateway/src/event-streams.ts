import { PassThrough, type Readable } from 'node:stream';
import { type HttpRequest, problem } from '@emporium/service';
import type { UpstreamResponse } from './upstream.ts';

/** Responses of server-sent events, which have no end of their own: an open one would keep the server from closing. */
export interface EventStreams {
  /**
   * The body to send to the caller. It is registered when it is an event stream, and returned as it is otherwise. Throws a 503 problem
   * when too many are open: they have a limit of their own, since they do not count as requests in progress.
   */
  track(response: UpstreamResponse): UpstreamResponse['body'];
  /** Ends all open streams regularly, and lets none begin any more; clients of server-sent events connect again. */
  end(): void;
}

/** Whether the caller wants an event stream, as clients of server-sent events say. */
export const acceptsEventStream = ({ method, headers }: Pick<HttpRequest, 'method' | 'headers'>): boolean =>
  method === 'GET' && headers.accept?.includes('text/event-stream') === true;

export const createEventStreams = (maxOpen: number): EventStreams => {
  const open = new Map<PassThrough, Readable>();
  let isEnded = false;
  return {
    track: ({ headers, body }) => {
      if (Buffer.isBuffer(body) || headers['content-type']?.startsWith('text/event-stream') !== true)
        return body;
      if (isEnded || open.size >= maxOpen) {
        body.destroy();
        throw tooMany();
      }
      const outgoing = new PassThrough();
      open.set(outgoing, body);
      outgoing.once('close', () => {
        open.delete(outgoing);
        body.destroy();
      });
      body.once('error', (error) => outgoing.destroy(error));
      return body.pipe(outgoing);
    },
    end: () => {
      isEnded = true;
      for (const [outgoing, body] of open) {
        body.unpipe(outgoing);
        outgoing.end();
      }
    },
  };
};

const tooMany = () =>
  problem(503, 'too-many-streams', 'The gateway has the maximum number of open streams; try again.', {
    headers: { 'retry-after': '5' },
  });
