import { partitionOf } from '@emporium/bus';
import { shop as registry } from '@emporium/contracts';
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../src/index.ts';
import { happened, type ShopUnderTest, sku } from './shop-under-test.ts';

/** Delivers every message twice until `end`; counts the copies. */
interface Duplicator {
  copies(): Promise<number>;
  end(): Promise<void>;
}

/** Publishes each message of each exchange again, byte for byte. */
const duplicateOnRabbitmq = async (url: string): Promise<Duplicator> => {
  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const exchanges = new Set(
    registry
      .on('bus')
      .contracts.map(({ owner, kind }) => `${owner}.${kind === 'event' ? 'events' : 'commands'}`),
  );
  for (const exchange of exchanges) await channel.bindQueue(queue, exchange, '#');
  let copied = 0;
  await channel.consume(
    queue,
    (message) => {
      if (message === null || message.properties.headers?.['copy'] === true) return;
      copied += 1;
      const { exchange, routingKey } = message.fields;
      const headers = { ...message.properties.headers, copy: true };
      channel.publish(exchange, routingKey, message.content, { ...message.properties, headers });
    },
    { noAck: true },
  );
  return { copies: async () => copied, end: () => connection.close() };
};

/** Copies each row in the table of the embedded broker. */
const duplicateOnPostgres = async (url: string): Promise<Duplicator> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`
    create sequence if not exists bus.copies;
    create or replace function bus.copy() returns trigger language plpgsql security definer as $$
    begin
      if pg_trigger_depth() = 1 and new.letter is null and new.attempt = 1 then
        perform nextval('bus.copies');
        insert into bus.message (subscription_id, partition, message_id, type, key, body)
        values (new.subscription_id, new.partition, new.message_id, new.type, new.key, new.body);
      end if;
      return null;
    end $$;
    create trigger copy after insert on bus.message for each row execute function bus.copy()`);
  return {
    copies: async () => {
      const { rows } = await client.query<{ made: string }>('select last_value as made from bus.copies');
      return Number(rows[0]?.made);
    },
    end: async () => {
      await client.query('drop trigger copy on bus.message');
      await client.end();
    },
  };
};

/** Adds a subscription to everything, and copies its messages into the queues of all others. */
const duplicateOnRedis = async (url: string): Promise<Duplicator> => {
  const redis = new Redis(url);
  const reader = new Redis(url, { protocol: 2 });
  const [name, queue] = ['copier', 'bus:queue:copier'];
  const types = registry.contracts.map(({ type }) => type);
  const listeners = new Map<string, readonly string[]>();
  for (const type of types) listeners.set(type, await redis.smembers(`bus:listeners:${type}`));
  const ordered = await redis.hgetall('bus:subscriptions');
  await redis.xgroup('CREATE', queue, name, '0', 'MKSTREAM');
  await redis.hset('bus:subscriptions', name, '0');
  for (const type of types) await redis.sadd(`bus:listeners:${type}`, name);
  let copied = 0;
  let ended = false;

  const copyAll = async (): Promise<void> => {
    for (let last = '0'; !ended; ) {
      const read = await reader.xread('BLOCK', 200, 'STREAMS', queue, last);
      for (const [entry, fields] of read?.[0]?.[1] ?? []) {
        last = entry;
        const [type = '', , ...key] = (fields[1] ?? '').split(' ');
        for (const listener of listeners.get(type) ?? []) {
          const partition = ordered[listener] === '1' ? `:${partitionOf(key.join(' '))}` : '';
          await redis.xadd(`bus:queue:${listener}${partition}`, '*', ...fields);
          copied += 1;
        }
      }
    }
  };
  const copying = copyAll();

  return {
    copies: async () => copied,
    end: async () => {
      ended = true;
      await copying;
      for (const type of types) {
        // In one step, as prune does it.
        await redis
          .multi()
          .srem(`bus:listeners:${type}`, name)
          .hincrby('bus:removed-bindings', type, 1)
          .exec();
      }
      await redis.hdel('bus:subscriptions', name);
      await redis.del(queue);
      await Promise.all([redis.quit(), reader.quit()]);
    },
  };
};

const duplicate = ({ busUrl, databaseUrl }: ShopUnderTest['shop']): Promise<Duplicator> => {
  if (busUrl.startsWith('amqp')) return duplicateOnRabbitmq(busUrl);
  if (busUrl.startsWith('redis')) return duplicateOnRedis(busUrl);
  if (busUrl.startsWith('postgres')) return duplicateOnPostgres(databaseUrl('bus'));
  throw new Error(`this suite cannot duplicate messages on ${new URL(busUrl).protocol}`);
};

export const duplicateCases = (shop: () => ShopUnderTest): void => {
  describe('every message delivered twice', () => {
    test('has each of its effects once', async () => {
      const { shop: running, client, customer, place } = shop();
      const duplicator = await duplicate(running);
      try {
        const ada = await customer();
        const tokens = ['tok_ok', 'tok_declined', 'tok_capture_fails_1', 'tok_visa'];
        const ids = await Promise.all(tokens.map((paymentToken) => place(ada, { paymentToken })));
        const orders = await Promise.all(ids.map((id) => client.settled(ada, id)));
        expect(orders.map(({ status }) => status)).toEqual([
          'completed',
          'cancelled',
          'completed',
          'completed',
        ]);
        for (const order of orders.filter(({ status }) => status === 'completed')) {
          const seen = happened(order);
          expect(new Set(seen).size).toBe(seen.length);
        }
        const [refunded = ''] = ids;
        const request = { lines: [{ sku, quantity: 1 }], restock: true, reason: 'broken handle' };
        expect((await client.refund(refunded, request)).status).toBe(202);
        await eventually(
          'the refund',
          () => client.order(ada, refunded),
          (order) => happened(order).includes('refunded'),
        );
        await eventually(
          'welcome, three times three mails, a cancellation and a refund',
          () => client.mails(ada.email),
          (mails) => mails.length >= 12,
        );
        expect(await duplicator.copies()).toBeGreaterThan(40);
        expect((await client.mails(ada.email)).every(({ deliveries }) => deliveries === 1)).toBe(true);
      } finally {
        await duplicator.end();
      }
    });
  });
};
