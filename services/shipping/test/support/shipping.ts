import {
  createMessage,
  Fault,
  type Message,
  type MessageOptions,
  newContext,
  readMessage,
} from '@emporium/bus';
import { type Contract, cancelShipment, dispatchOrder, type Input, shop } from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import { createOutbound } from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { type Carrier, createCarrier } from '../../src/carrier.ts';
import { onCancelShipment } from '../../src/handlers/cancel-shipment.ts';
import { onDispatchOrder } from '../../src/handlers/dispatch-order.ts';
import { migrations } from '../../src/migrations/index.ts';
import type { Tables } from '../../src/store/tables.ts';
import { keys } from './simulator.ts';

const found = shop.subscriptions.find(({ name }) => name === 'shipping.commands');
if (found === undefined) throw new Error('shipping.commands is not registered');
const subscription = found;

export interface Published {
  readonly type: string;
  readonly stepId?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Options {
  readonly timeoutMs?: number;
  readonly trialAfterMs?: number;
  /** Wraps the carrier that the handlers call. */
  readonly wrap?: (carrier: Carrier) => Carrier;
}

/** Starts the service's handlers on a new database, without a broker: its messages stay in the outbox. */
export const openShipping = async (serverUrl: string, carrierUrl: string) => {
  const { url, drop } = await freshDatabase(serverUrl);
  const stores: Store<Tables>[] = [];
  const log = { info: () => {}, warn: () => {}, error: () => {} };

  /** Another instance of the service on the same database, with its own circuit breaker. */
  const instance = ({ timeoutMs = 1_000, trialAfterMs = 100, wrap = (each) => each }: Options = {}) => {
    const store = createStore<Tables>({ service: 'shipping', registry: shop, url, log });
    stores.push(store);
    const carrier = createCarrier(
      createOutbound({
        peer: 'the carrier',
        url: carrierUrl,
        apiKey: keys.carrier,
        timeoutMs,
        trialAfterMs,
        log,
      }),
    );
    const handlers = [onDispatchOrder, onCancelShipment].map((handler) => handler(wrap(carrier)));
    const { run } = store.runner(subscription, handlers);
    const handle = (message: Message, signal = new AbortController().signal) => run(message, signal);
    /** Retries, waits and gives up as the pipeline does, but stops after `maxWaits` waits. */
    const deliver = async (message: Message, maxWaits = 1_000) => {
      for (let attempt = 1, waits = 0; ; ) {
        try {
          await handle(message);
          return { attempt, waits, isDeadLettered: false };
        } catch (error) {
          const settle = error instanceof Fault ? error.settle : 'retry';
          if (settle === 'pause') {
            if (waits === maxWaits) return { attempt, waits, isDeadLettered: false };
            waits += 1;
            const minWaitMs = error instanceof Fault ? (error.details.retryAfterMs ?? 0) : 0;
            await new Promise((resolve) => setTimeout(resolve, Math.max(100, minWaitMs)));
          } else if (settle === 'dead-letter' || attempt === subscription.retry.attempts) {
            return { attempt, waits, isDeadLettered: true };
          } else {
            attempt += 1;
          }
        }
      }
    };
    return { store, carrier, handle, deliver };
  };
  const first = instance();
  const { store, handle } = first;
  await store.migrate(migrations);

  return {
    ...first,
    instance,
    handleTwice: async (message: Message) => {
      await handle(message);
      await handle(message);
    },
    /** Removes and returns the messages in the outbox. */
    published: async (): Promise<Published[]> => {
      const { rows } = await sql<{ id: number; body: Buffer }>`delete from outbox returning id, body`.execute(
        store.db,
      );
      return rows
        .toSorted((one, other) => one.id - other.id)
        .map(({ body }) => {
          const { type, stepid, data } = JSON.parse(body.toString());
          return { type, stepId: stepid, data };
        });
    },
    /** The ids of the messages in the outbox, in order. */
    messageIds: async (): Promise<string[]> => {
      const { rows } = await sql<{ message_id: string }>`select message_id from outbox order by id`.execute(
        store.db,
      );
      return rows.map(({ message_id }) => message_id);
    },
    shipment: async (orderId: string) => {
      const query = store.db.selectFrom('shipment').select('state').where('order_id', '=', orderId);
      return (await query.executeTakeFirst())?.state;
    },
    close: async () => {
      await Promise.all(stores.map((each) => each.close()));
      await drop();
    },
  };
};

export type ShippingService = Awaited<ReturnType<typeof openShipping>>;

const command = <C extends Contract>(
  contract: C,
  data: Input<C>,
  options: Pick<MessageOptions, 'expiry' | 'stepId'> = {},
): Message => {
  const { body } = createMessage('order', contract, data, newContext(), options);
  return readMessage(shop, new Set<Contract>([contract]), body);
};

export const customerId = uuid();

export const dispatch = (orderId: string, options: { expiry?: Date } = {}): Message =>
  command(
    dispatchOrder,
    { orderId, customerId, lines: [{ sku: 'TEA', quantity: 2 }] },
    { stepId: `${orderId}/dispatch/1`, ...options },
  );
export const cancel = (orderId: string): Message =>
  command(cancelShipment, { orderId }, { stepId: `${orderId}/dispatch/stop` });
