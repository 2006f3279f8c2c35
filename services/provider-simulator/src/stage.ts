import type { Socket } from 'node:net';
import { type HttpReply, type HttpServer, problem } from '@emporium/service';
import type { Fault } from './faults.ts';
import { answer, type Outcome } from './outcome.ts';

/** What is done when a request gets that far; it may be told to refuse. */
export type Deed = (isRefused: boolean) => Outcome;

/** Plays a deed to a caller as its fault says. */
export type Play = (reply: HttpReply, fault: Fault | undefined, deed: Deed) => Promise<HttpReply>;

/**
 * A stalled deed is done when the stall is over, even if its caller has gone: a late success is the hard case. A deed with
 * a time-out is done at once, and its caller never hears of it. Both end with the server.
 */
export const createStage = (server: HttpServer, stallMs: number): Play => {
  const closing = new AbortController();
  const unanswered = new Set<Socket>();
  server.addHook('preClose', async () => {
    closing.abort();
    for (const socket of unanswered) socket.destroy();
  });

  const leaveUnanswered = (reply: HttpReply): HttpReply => {
    const { socket } = reply.raw;
    if (socket !== null && !closing.signal.aborted) {
      unanswered.add(socket);
      socket.once('close', () => unanswered.delete(socket));
    } else {
      socket?.destroy();
    }
    return reply.hijack();
  };

  return async (reply, fault, deed) => {
    switch (fault?.mode) {
      case undefined:
        return answer(reply, deed(false));
      case 'refuse':
        return answer(reply, deed(true));
      case 'error':
        throw problem(500, 'simulated-error', 'The simulator was asked to fail.');
      case 'stall':
        await sleep(fault.delayMs ?? stallMs, closing.signal);
        return answer(reply, deed(false));
      case 'timeout':
        deed(false);
        return leaveUnanswered(reply);
    }
  };
};

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(problem(503, 'stopping', 'The simulator is stopping.', { headers: { 'retry-after': '1' } }));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
