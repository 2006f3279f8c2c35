import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, reasonOf } from '@emporium/service';
import { request } from 'undici';
import type { Shipment } from './records.ts';
import { sign } from './signature.ts';

export interface DeliveriesOptions {
  readonly callbackUrl: string | undefined;
  readonly secret: string;
  readonly delayMs: number;
  readonly log: Log;
  readonly deliver: (id: string) => Shipment;
  readonly markReported: (id: string) => void;
}

export interface Deliveries {
  /** Delivers the shipment after the delay, then reports it until the callback succeeds. */
  track(shipment: Shipment): void;
  /** Deliveries that are not reported yet are reported after the next start. */
  stop(): Promise<void>;
}

const maxRetryDelayMs = 10_000;
const maxConcurrentCallbacks = 16;

/** Delivers shipments and reports them with signed callbacks, at least once each, with a stable `eventId`. */
export const createDeliveries = (options: DeliveriesOptions): Deliveries => {
  const { callbackUrl, secret, delayMs, log, deliver, markReported } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const tracked = new Set<Promise<void>>();
  const limit = createLimiter(maxConcurrentCallbacks);

  const report = async (url: string, { id, reference, eventId, deliveredAt }: Shipment): Promise<boolean> => {
    const body = JSON.stringify({ eventId, type: 'delivered', shipmentId: id, reference, at: deliveredAt });
    const signature = sign(secret, body, Math.floor(Date.now() / 1_000));
    try {
      const { statusCode, body: response } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'carrier-signature': signature },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
      });
      await response.dump();
      const isAccepted = statusCode >= 200 && statusCode < 300;
      if (!isAccepted) log.debug({ eventId, status: statusCode }, 'callback failed');
      return isAccepted;
    } catch (error) {
      log.debug({ eventId, reason: reasonOf(error) }, 'callback failed');
      return false;
    }
  };

  const track = async (shipment: Shipment): Promise<void> => {
    const due = Date.parse(shipment.dispatchedAt) + delayMs;
    await sleep(Math.max(0, due - Date.now()), undefined, { signal });
    const delivered = deliver(shipment.id);
    if (callbackUrl === undefined) return;
    for (let attempt = 0; ; attempt += 1) {
      if (await limit(() => report(callbackUrl, delivered))) break;
      const retryDelayMs = Math.min(maxRetryDelayMs, 100 * 2 ** attempt);
      await sleep(retryDelayMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
    markReported(shipment.id);
  };

  return {
    track: (shipment) => {
      const work = track(shipment)
        .catch((error: unknown) => {
          if (!signal.aborted)
            log.error({ err: error, shipment: shipment.id }, 'cannot deliver or report a shipment');
        })
        .finally(() => tracked.delete(work));
      tracked.add(work);
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(tracked);
    },
  };
};

/** Runs at most `limit` functions at a time, in order. */
const createLimiter = (limit: number) => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};
