import { shop as registry } from '@emporium/contracts';
import amqp from 'amqplib';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../src/index.ts';
import { happened, type ShopUnderTest } from './shop-under-test.ts';

/** Delivers every message twice until it is ended; gives how many copies it made. */
interface Duplicator {
  copies(): Promise<number>;
  end(): Promise<void>;
}

/** A brokers' operator could not do worse: each message of each exchange is published again, byte for byte. */
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

/** The same in the tables of the embedded broker. */
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

export const duplicateCases = (shop: () => ShopUnderTest): void => {
  describe('every message delivered twice', () => {
    test('has each of its effects once', async () => {
      const { shop: running, client, customer, place } = shop();
      const isRabbitmq = running.busUrl.startsWith('amqp');
      const duplicator = isRabbitmq
        ? await duplicateOnRabbitmq(running.busUrl)
        : await duplicateOnPostgres(running.databaseUrl('bus'));
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
        await eventually(
          'welcome, three times three mails and a cancellation',
          () => client.mails(ada.email),
          (mails) => mails.length >= 11,
        );
        expect(await duplicator.copies()).toBeGreaterThan(40);
        expect((await client.mails(ada.email)).every(({ deliveries }) => deliveries === 1)).toBe(true);
      } finally {
        await duplicator.end();
      }
    });
  });
};
