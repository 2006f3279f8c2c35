import { shop as registry } from '@emporium/contracts';
import { ownServerFor, serverFor } from '@emporium/servers';
import { createStore } from '@emporium/store';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Tables } from '../src/store/tables.ts';
import { changed } from './golden/celery.ts';
import { openShop } from './support/shop.ts';

const [postgres, rabbitmq, redis] = await Promise.all([
  ownServerFor('postgres'),
  serverFor('rabbitmq'),
  serverFor('redis'),
]);

const silent = () => {};
const log = { info: silent, warn: silent, error: silent };

/** Lets the database refuse every foreign message until the trouble is over. */
const troubleOf = (url: string) => {
  const store = createStore<Tables>({ service: 'bridge', registry, url, log });
  const run = async (...statements: readonly string[]) => {
    for (const statement of statements)
      await store.transaction(({ tx }) =>
        sql
          .raw(statement)
          .execute(tx)
          .then(() => undefined),
      );
  };
  return {
    begin: () =>
      run(
        'create table trouble ()',
        `create function refuse() returns trigger language plpgsql as
          $$ begin if to_regclass('trouble') is not null then raise 'trouble'; end if; return new; end $$`,
        'create trigger refuse before insert on foreign_message for each row execute function refuse()',
      ),
    end: () => run('drop table trouble'),
    close: () => store.close(),
  };
};

describe.skipIf(!postgres.available || !rabbitmq.available || !redis.available)(
  postgres.title(rabbitmq.title(redis.title('the bridge without its database'))),
  () => {
    test('acknowledges nothing, waits without spinning, and goes on when it is back, first with errors', async () => {
      const database = await postgres.start();
      const redisUrl = `${redis.url}/7`;
      const queue = 'user_registrations';
      const shop = await openShop(database.url, {
        BRIDGE_AMQP_URL: rabbitmq.url,
        BRIDGE_CELERY_URL: redisUrl,
      });
      const trouble = troubleOf(shop.databaseUrl);
      const model = await connect(rabbitmq.url);
      const client = new Redis(redisUrl);
      try {
        const channel = await model.createConfirmChannel();
        const bridge = await shop.startBridge();
        await trouble.begin();
        await database.kill();
        const ids = Array.from({ length: 20 }, (_, index) => index);
        for (const user_id of ids)
          channel.sendToQueue(
            queue,
            Buffer.from(JSON.stringify({ user_id, email: `user-${user_id}@shop.example`, name: 'Ada' })),
          );
        await channel.waitForConfirms();
        for (const id of ids)
          await client.lpush(
            'celery',
            changed((wire) => ({ ...wire, headers: { ...wire.headers, id: `task-${id}` } })),
          );
        await new Promise((done) => setTimeout(done, 6_000));
        expect(bridge.log().match(/its messages wait, nothing is lost/g)).toHaveLength(2); // once for each way in
        expect(bridge.log().split('\n').length).toBeLessThan(60);
        expect(shop.commands).toEqual([]);

        // More rounds than a message has attempts, some of them no outage.
        await database.startServer();
        await new Promise((done) => setTimeout(done, 8_000));
        await trouble.end();
        await expect.poll(() => shop.commands.length, { timeout: 40_000 }).toBe(2 * ids.length);
        await expect.poll(async () => (await bridge.readiness()).status, { timeout: 20_000 }).toBe('ready');
        expect(await client.llen('celery')).toBe(0);
        expect((await channel.checkQueue(queue)).messageCount).toBe(0);
      } finally {
        client.disconnect();
        await trouble.close();
        await shop.close();
        await model.close();
        await database.stop();
      }
    }, 120_000);
  },
);
