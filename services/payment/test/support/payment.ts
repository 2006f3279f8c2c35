import {
  createMessage,
  Fault,
  type Message,
  type MessageOptions,
  newContext,
  readMessage,
} from '@emporium/bus';
import {
  authorisePayment,
  type Contract,
  cancelRefund,
  capturePayment,
  type Input,
  refundPayment,
  refundPayment2,
  shop,
  voidPayment,
} from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import { createOutbound } from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { sql } from 'kysely';
import { onAuthorisePayment } from '../../src/handlers/authorise-payment.ts';
import { onCancelRefund } from '../../src/handlers/cancel-refund.ts';
import { onCapturePayment } from '../../src/handlers/capture-payment.ts';
import { onRefundPayment } from '../../src/handlers/refund-payment.ts';
import { onRefundWholePayment } from '../../src/handlers/refund-whole-payment.ts';
import { onVoidPayment } from '../../src/handlers/void-payment.ts';
import { migrations } from '../../src/migrations/index.ts';
import { createPaymentProvider, type PaymentProvider } from '../../src/provider.ts';
import { readPayments } from '../../src/store/ledger.ts';
import type { Tables } from '../../src/store/tables.ts';
import { apiKey } from './simulator.ts';

const found = shop.subscriptions.find(({ name }) => name === 'payment.commands');
if (found === undefined) throw new Error('payment.commands is not registered');
const subscription = found;

export interface Published {
  readonly type: string;
  readonly stepId?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Options {
  readonly timeoutMs?: number;
  readonly trialAfterMs?: number;
  /** Wraps the provider that the handlers call. */
  readonly wrap?: (provider: PaymentProvider) => PaymentProvider;
}

/** Starts the service's handlers on a new database, without a broker: its messages stay in the outbox. */
export const openPayment = async (serverUrl: string, providerUrl: string) => {
  const { url, drop } = await freshDatabase(serverUrl);
  const stores: Store<Tables>[] = [];
  const logLines: string[] = [];
  const write = (facts: object, text: string) => void logLines.push(`${text} ${JSON.stringify(facts)}`);
  const log = { info: write, warn: write, error: write };

  /** Another instance of the service on the same database, with its own circuit breaker. */
  const instance = ({ timeoutMs = 1_000, trialAfterMs = 100, wrap = (each) => each }: Options = {}) => {
    const store = createStore<Tables>({ service: 'payment', registry: shop, url, log });
    stores.push(store);
    const provider = createPaymentProvider(
      createOutbound({ peer: 'the provider', url: providerUrl, apiKey, timeoutMs, trialAfterMs, log }),
    );
    const wrapped = wrap(provider);
    const handlers = [
      onAuthorisePayment,
      onCapturePayment,
      onVoidPayment,
      onRefundPayment,
      onRefundWholePayment,
    ].map((handler) => handler(wrapped));
    const { run } = store.runner(subscription, [...handlers, onCancelRefund]);
    const handle = (message: Message, signal = new AbortController().signal) => run(message, signal);
    /** Retries, waits and gives up as the pipeline does, but stops after `maxWaits` waits. */
    const deliver = async (message: Message, maxWaits = 1_000) => {
      for (let attempt = 1, waits = 0; ; ) {
        try {
          await handle(message);
          return { attempt, waits, isDeadLettered: false };
        } catch (error) {
          const settle = error instanceof Fault ? error.settle : 'retry';
          if (error instanceof Fault) logLines.push(`${error.code} ${error.message}`);
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
    return { store, provider, handle, deliver };
  };
  const { store, provider, handle, deliver } = instance();
  await store.migrate(migrations);

  return {
    store,
    provider,
    handle,
    deliver,
    instance,
    logLines,
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
    payment: async (orderId: string) => (await readPayments(store.db, { limit: 1, orderId }))[0],
    ledger: async (orderId: string) => {
      const rows = await store.db
        .selectFrom('payment_ledger')
        .select(['entry', 'amount'])
        .where('order_id', '=', orderId)
        .orderBy('id')
        .execute();
      return rows.map(({ entry, amount }) => `${entry} ${amount}`);
    },
    close: async () => {
      await Promise.all(stores.map((each) => each.close()));
      await drop();
    },
  };
};

export type PaymentService = Awaited<ReturnType<typeof openPayment>>;

const command = <C extends Contract>(
  contract: C,
  data: Input<C>,
  options: Pick<MessageOptions, 'expiry' | 'stepId'> = {},
): Message => {
  const { body } = createMessage('order', contract, data, newContext(), options);
  return readMessage(shop, new Set<Contract>([contract]), body);
};

export const total = { amount: 1_250, currency: 'EUR' };

export const authorise = (orderId: string, paymentToken: string, options: { expiry?: Date } = {}): Message =>
  command(
    authorisePayment,
    { orderId, total, paymentToken },
    { stepId: `${orderId}/authorise/1`, ...options },
  );
export const capture = (orderId: string, attempt = 1): Message =>
  command(capturePayment, { orderId }, { stepId: `${orderId}/capture/${attempt}` });
export const release = (orderId: string): Message =>
  command(voidPayment, { orderId }, { stepId: `${orderId}/authorise/undo` });
/** Refunds all of it, unless `amount` says otherwise. */
export const refund = (
  orderId: string,
  { refundId = orderId, amount = total.amount, attempt = 1 } = {},
): Message =>
  command(
    refundPayment,
    { orderId, refundId, amount: { ...total, amount } },
    { stepId: `${refundId}/refund/${attempt}` },
  );
export const cancel = (orderId: string, refundId: string): Message =>
  command(cancelRefund, { orderId, refundId }, { stepId: `${refundId}/refund/withdraw` });
export const refundWhole = (orderId: string): Message =>
  command(refundPayment2, { orderId }, { stepId: `${orderId}/refund/1` });
