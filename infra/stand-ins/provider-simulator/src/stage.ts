import type { Socket } from 'node:net';
import { type HttpReply, type HttpRequest, type HttpServer, problem } from '@emporium/service';
import type { Fault, MadeUp } from './faults.ts';
import { answer, forgetOldest, type Outcome, refused } from './outcome.ts';

/** What is done when a request gets that far; it may be told to refuse. */
export type Deed = (isRefused: boolean) => Outcome;

/** Plays a deed to a caller as its fault says. */
export type Play = (
  call: { readonly request: HttpRequest; readonly reply: HttpReply },
  fault: Fault | undefined,
  deed: Deed,
) => Promise<HttpReply>;

/** Keys of which the first request is known. */
const capacity = 100_000;

/**
 * A stalled deed is done when the stall is over, even if its caller has gone: a late success is the hard case. A deed with
 * a time-out is done at once, and its caller never hears of it. One that is busy stalls the first request with its
 * idempotency key, and answers 409 to those that come meanwhile. All end with the server.
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

  const held = new Map<string, 'held' | 'done'>();

  /** Gives the answer to a repetition that comes too early. */
  const holdFirst = async (key: string, ms: number): Promise<Outcome | undefined> => {
    const first = held.get(key);
    if (first === 'held') return inUse;
    if (first === 'done') return undefined;
    held.set(key, 'held');
    forgetOldest(held, capacity);
    await sleep(ms, closing.signal);
    held.set(key, 'done');
    return undefined;
  };

  return async ({ request, reply }, fault, deed) => {
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
      case 'busy':
        return answer(reply, (await holdFirst(keyOf(request), fault.delayMs ?? stallMs)) ?? deed(false));
      case 'answer':
        return makeUp(reply, fault, deed);
      case 'timeout':
        deed(false);
        return leaveUnanswered(reply);
    }
  };
};

const inUse = refused(
  409,
  'idempotency_key_in_use',
  'Another request with this Idempotency-Key is being worked on.',
);

/** What repetitions have in common. */
const keyOf = ({ headers, url }: HttpRequest): string => `${url} ${String(headers['idempotency-key'])}`;

const makeUp = (reply: HttpReply, { status, headers = {}, body = '', acts = false }: MadeUp, deed: Deed) => {
  const outcome = acts ? deed(false) : undefined;
  const truth = outcome !== undefined && 'body' in outcome ? outcome.body : {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.header(name, value);
  reply.code(status ?? outcome?.status ?? 200);
  if (typeof body !== 'string') return reply.send({ ...truth, ...body });
  if (!reply.hasHeader('content-type')) reply.type('text/html');
  return reply.send(body);
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
