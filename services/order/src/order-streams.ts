import { Readable } from 'node:stream';
import type { EventTail, StoredEvent } from '@emporium/event-store';
import { problem, type User } from '@emporium/service';
import { type BoundedQueue, createBoundedQueue } from './bounded-queue.ts';
import { type Order, type OrderEvent, orderDecider } from './domain/order.ts';
import { entryFor } from './history-entry.ts';
import type { OrderStream } from './store/orders.ts';

/** The events of single orders as server-sent events: what there is, and then each new one. */
export interface OrderStreams {
  /**
   * Begins after the version `after`. Throws a 503 problem when there are too many open streams, and what `read` throws: it reads
   * the events of the order that there are, and checks the request.
   */
  open(user: User, orderId: string, after: number, read: () => Promise<OrderStream>): Promise<OpenStream>;
  /** Ends all open streams regularly; their clients connect again. */
  close(): void;
}

export interface OpenStream {
  readonly body: Readable;
  /** For a client that has left: the body would notice it at the next heartbeat. */
  readonly end: () => void;
}

export interface OrderStreamsOptions {
  readonly maxOpen?: number;
  readonly heartbeatMs?: number;
  readonly maxAgeMs?: number;
}

/** How long a client waits before it connects again, in milliseconds. */
const retryMs = 1_000;
/** A client that has not read this many events is disconnected; it continues with `Last-Event-ID`. */
const maxUnread = 200;

export const createOrderStreams = (
  tail: EventTail<OrderEvent>,
  {
    maxOpen = 1_000,
    // Keeps proxies and clients from closing an idle connection.
    heartbeatMs = 5_000,
    // Then the client connects again, with a token that is valid by then.
    maxAgeMs = 15 * 60_000,
  }: OrderStreamsOptions = {},
): OrderStreams => {
  const open = new Set<Queue>();
  let isClosed = false;

  const listen = async (orderId: string, queue: Queue, onFailure: (error?: Error) => void) =>
    tail.listen(orderId, {
      next: (event) => {
        if (!queue.push(event)) onFailure();
      },
      failed: () => onFailure(),
    });

  return {
    open: async (user, orderId, after, read) => {
      if (isClosed || open.size >= maxOpen) throw tooMany();
      const queue: Queue = createBoundedQueue(maxUnread);
      open.add(queue);
      let stop = () => void open.delete(queue);
      try {
        let body: Readable | undefined;
        const remove = await listen(orderId, queue, () => {
          queue.end();
          body?.destroy();
        });
        stop = () => {
          open.delete(queue);
          remove();
          queue.end();
        };
        const known = await read();
        body = Readable.from(serverSentEvents(user, known, after, { queue, heartbeatMs, maxAgeMs }));
        body.once('close', stop);
        return { body, end: stop };
      } catch (error) {
        stop();
        throw error;
      }
    },
    close: () => {
      isClosed = true;
      for (const queue of open) queue.end();
    },
  };
};

type Queue = BoundedQueue<StoredEvent<OrderEvent>>;

interface Live extends Required<Pick<OrderStreamsOptions, 'heartbeatMs' | 'maxAgeMs'>> {
  readonly queue: Queue;
}

/** Yields when the client has read what was yielded before. */
async function* serverSentEvents(
  user: User,
  known: OrderStream,
  after: number,
  { queue, heartbeatMs, maxAgeMs }: Live,
): AsyncGenerator<string> {
  const until = performance.now() + maxAgeMs;
  let order: Order = orderDecider.initial;
  yield `retry: ${retryMs}\n\n`;
  for (const event of known.events) {
    order = orderDecider.evolve(order, event.event);
    if (event.version > after) yield textOf(user, order, event);
  }
  let { version } = known;
  while (performance.now() < until) {
    const next = await queue.take(heartbeatMs);
    if (next === 'ended') return;
    if (next === 'idle') yield ': here\n\n';
    else if (next.item.version > version) {
      order = orderDecider.evolve(order, next.item.event);
      version = next.item.version;
      yield textOf(user, order, next.item);
    }
  }
}

const textOf = (user: User, { status }: Order, event: StoredEvent<OrderEvent>): string => {
  const { stream: orderId, version, event: change } = event;
  const data = JSON.stringify({ orderId, status, ...entryFor(user, event) });
  return `id: ${version}\nevent: ${change.type}\ndata: ${data}\n\n`;
};

const tooMany = () =>
  problem(503, 'too-many-streams', 'This process has the maximum number of open streams; try again.', {
    headers: { 'retry-after': '5' },
  });
