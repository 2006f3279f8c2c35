import { PassThrough, type Readable } from 'node:stream';
import type { UpstreamAnswer } from './upstream.ts';

/** Answers that go on until somebody ends them: server-sent events. While one is open a server would not close. */
export interface EndlessAnswers {
  /** The body to hand on; one that ends by itself stays as it is. */
  handOn(answer: UpstreamAnswer): UpstreamAnswer['body'];
  /** Ends them in good order: the callers come again by themselves. */
  end(): void;
}

export const createEndlessAnswers = (): EndlessAnswers => {
  const open = new Map<PassThrough, Readable>();
  return {
    handOn: ({ headers, body }) => {
      if (Buffer.isBuffer(body) || headers['content-type']?.startsWith('text/event-stream') !== true)
        return body;
      const onward = new PassThrough();
      open.set(onward, body);
      onward.once('close', () => {
        open.delete(onward);
        body.destroy();
      });
      body.once('error', (error) => onward.destroy(error));
      return body.pipe(onward);
    },
    end: () => {
      for (const [onward, body] of open) {
        body.unpipe(onward);
        onward.end();
      }
    },
  };
};
