import { createMessage, newContext, partitionOf } from '@emporium/bus';
import { orderCompleted } from '@emporium/contracts';
import pg from 'pg';
import { v7 as uuid } from 'uuid';

export interface Order {
  readonly orderId: string;
  readonly customerId: string;
  /** In cents. */
  readonly amount: number;
}

const customers = Array.from({ length: 20 }, () => uuid());
let made = 0;

/**
 * Completes orders in the database of the order service, as it does itself. `published`: their events are in the outbox, too;
 * without that, they were published when nobody listened.
 */
export const completeOrders = (
  url: string,
  { count, published }: { readonly count: number; readonly published: boolean },
): Promise<Order[]> =>
  withClient(url, async (client) => {
    const orders = Array.from({ length: count }, (): Order => {
      made += 1;
      return { orderId: uuid(), customerId: customers[made % 20] ?? '', amount: (made * 37) % 10_000 };
    });
    for (const { orderId, customerId, amount } of orders) {
      const total = { amount, currency: 'EUR' };
      const lines = [{ sku: 'MUG-1', quantity: 1, unitPrice: total }];
      const id = uuid();
      await client.query('begin');
      await client.query('insert into event_stream (stream, version) values ($1, 2)', [orderId]);
      await client.query(
        `insert into event (stream, version, id, type, data, at)
         values ($1, 1, $2, 'placed', $3, now()), ($1, 2, $4, 'completed', $5, now())`,
        [orderId, uuid(), { type: 'placed', customerId, lines, total }, id, { type: 'completed' }],
      );
      if (published) {
        const options = { id, sequence: 2 };
        const data = { orderId, customerId, total };
        const message = createMessage('order', orderCompleted, data, newContext(), options);
        await client.query(
          `insert into outbox (partition, key, message_id, kind, owner, type, body)
           values ($1, $2, $3, 'event', 'order', $4, $5)`,
          [partitionOf(orderId, 16), orderId, id, message.type, Buffer.from(message.body)],
        );
      }
      await client.query('commit');
    }
    return orders;
  });

/** The points of each customer in the ledgers of loyalty, and how many entries there are. */
export const pointsIn = (url: string): Promise<{ entries: number; points: Map<string, number> }> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ customer: string; points: string; entries: string }>(
      `select stream as customer, sum((data ->> 'points')::bigint) as points, count(*) as entries
       from event group by stream`,
    );
    return {
      entries: rows.reduce((sum, { entries }) => sum + Number(entries), 0),
      points: new Map(rows.map(({ customer, points }) => [customer, Number(points)])),
    };
  });

export const emptyInbox = (url: string): Promise<void> =>
  withClient(url, async (client) => void (await client.query('delete from inbox')));

/** Messages that wait for a subscription on the embedded broker. */
export const queuedFor = (busUrl: string, subscription: string): Promise<number> =>
  withClient(busUrl, async (client) => {
    const { rows } = await client.query<{ queued: string }>(
      `select count(*) as queued from bus.message join bus.subscription on subscription.id = message.subscription_id
       where subscription.name = $1`,
      [subscription],
    );
    return Number(rows[0]?.queued);
  });

const withClient = async <Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};
