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
  readonly reported: (id: string) => void;
}

export interface Deliveries {
  /** Delivers the shipment when its time has come, then reports it until that was taken. */
  follow(shipment: Shipment): void;
  /** What is not reported by then is reported by the next process. */
  stop(): Promise<void>;
}

const longestPauseMs = 10_000;
const atOnce = 16;

/** Parcels on their way, and the callbacks about them: signed, at least once, the same `eventId` each time. */
export const createDeliveries = (options: DeliveriesOptions): Deliveries => {
  const { callbackUrl, secret, delayMs, log, deliver, reported } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const followed = new Set<Promise<void>>();
  const turns = createTurns(atOnce);

  const report = async (url: string, { id, reference, eventId, deliveredAt }: Shipment): Promise<boolean> => {
    const body = JSON.stringify({ eventId, type: 'delivered', shipmentId: id, reference, at: deliveredAt });
    const signature = sign(secret, body, Math.floor(Date.now() / 1_000));
    try {
      const { statusCode, body: answer } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'carrier-signature': signature },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
      });
      await answer.dump();
      const isTaken = statusCode >= 200 && statusCode < 300;
      if (!isTaken) log.debug({ eventId, status: statusCode }, 'callback not taken');
      return isTaken;
    } catch (error) {
      log.debug({ eventId, reason: reasonOf(error) }, 'callback not taken');
      return false;
    }
  };

  const follow = async (shipment: Shipment): Promise<void> => {
    const due = Date.parse(shipment.dispatchedAt) + delayMs;
    await sleep(Math.max(0, due - Date.now()), undefined, { signal });
    const delivered = deliver(shipment.id);
    if (callbackUrl === undefined) return;
    for (let attempt = 0; ; attempt += 1) {
      if (await turns(() => report(callbackUrl, delivered))) break;
      const pause = Math.min(longestPauseMs, 100 * 2 ** attempt);
      await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal });
    }
    reported(shipment.id);
  };

  return {
    follow: (shipment) => {
      const work = follow(shipment)
        .catch((error: unknown) => {
          if (!signal.aborted) log.error({ err: error, shipment: shipment.id }, 'lost sight of a shipment');
        })
        .finally(() => followed.delete(work));
      followed.add(work);
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(followed);
    },
  };
};

/** Runs at most so many pieces of work at once, in the order in which they came. */
const createTurns = (limit: number) => {
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
