import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { type HttpReply, type HttpRequest, type HttpServer, problem } from '@emporium/service';
import { evictOldest } from './evict-oldest.ts';
import type { CannedResponse, Fault } from './faults.ts';
import { type Outcome, rejected, sendOutcome } from './outcome.ts';

/** Executes the request, or rejects it when a fault says so. */
export type Operation = (isRefused: boolean) => Outcome;

/** Runs the operation and sends its outcome, as modified by the fault. */
export type Respond = (
  call: { readonly request: HttpRequest; readonly reply: HttpReply },
  fault: Fault | undefined,
  operation: Operation,
) => Promise<HttpReply>;

/** The number of idempotency keys whose first request is remembered. */
const capacity = 100_000;

/**
 * A stalled operation runs after the delay even when the client has disconnected, because clients must cope with a late
 * success. `stallMs` is the default delay. When the server closes, delayed requests get 503 and unanswered ones are
 * disconnected.
 */
export const createResponder = (server: HttpServer, stallMs: number): Respond => {
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

  const firstRequests = new Map<string, 'pending' | 'finished'>();

  /** Delays the first request with a key. Until it is finished, returns a rejection for repeated ones. */
  const delayFirst = async (key: string, ms: number): Promise<Outcome | undefined> => {
    const first = firstRequests.get(key);
    if (first === 'pending') return keyInUse;
    if (first === 'finished') return undefined;
    firstRequests.set(key, 'pending');
    evictOldest(firstRequests, capacity);
    await sleep(ms, closing.signal);
    firstRequests.set(key, 'finished');
    return undefined;
  };

  return async ({ request, reply }, fault, operation) => {
    switch (fault?.mode) {
      case undefined:
        return sendOutcome(reply, operation(false));
      case 'refuse':
        return sendOutcome(reply, operation(true));
      case 'error':
        throw problem(500, 'simulated-error', 'A fault of the simulator.');
      case 'stall':
        await sleep(fault.delayMs ?? stallMs, closing.signal);
        return sendOutcome(reply, operation(false));
      case 'busy': {
        const rejection = await delayFirst(requestKeyOf(request), fault.delayMs ?? stallMs);
        return sendOutcome(reply, rejection ?? operation(false));
      }
      case 'answer':
        return sendCanned(reply, fault, operation);
      case 'timeout':
        operation(false);
        return leaveUnanswered(reply);
    }
  };
};

const keyInUse = rejected(
  409,
  'idempotency_key_in_use',
  'Another request with this Idempotency-Key is in progress.',
);

const requestKeyOf = ({ headers, url }: HttpRequest): string =>
  `${url} ${String(headers['idempotency-key'])}`;

const sendCanned = (
  reply: HttpReply,
  { status, headers = {}, body = '', acts = false }: CannedResponse,
  operation: Operation,
) => {
  const outcome = acts ? operation(false) : undefined;
  const actualBody = outcome !== undefined && 'body' in outcome ? outcome.body : {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.header(name, value);
  reply.code(status ?? outcome?.status ?? 200);
  if (typeof body !== 'string') return reply.send({ ...actualBody, ...body });
  if (!reply.hasHeader('content-type')) reply.type('text/html');
  return reply.send(body);
};

const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    throw problem(503, 'stopping', 'The simulator is stopping.', { headers: { 'retry-after': '1' } });
  }
};
