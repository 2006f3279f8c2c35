import { ownServerFor, serverFor } from '@emporium/servers';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { changed } from './golden/celery.ts';
import { openShop } from './support/shop.ts';

const [postgres, rabbitmq, redis] = await Promise.all([
  ownServerFor('postgres'),
  serverFor('rabbitmq'),
  serverFor('redis'),
]);

describe.skipIf(!postgres.available || !rabbitmq.available || !redis.available)(
  postgres.title(rabbitmq.title(redis.title('the bridge without its database'))),
  () => {
    test('acknowledges nothing, waits without spinning, and goes on when it is back', async () => {
      const database = await postgres.start();
      const redisUrl = `${redis.url}/7`;
      const queue = 'user_registrations';
      const shop = await openShop(database.url, {
        BRIDGE_AMQP_URL: rabbitmq.url,
        BRIDGE_CELERY_URL: redisUrl,
      });
      const model = await connect(rabbitmq.url);
      const client = new Redis(redisUrl);
      try {
        const channel = await model.createConfirmChannel();
        const bridge = await shop.startBridge();
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

        await database.startServer();
        await expect.poll(() => shop.commands.length, { timeout: 40_000 }).toBe(2 * ids.length);
        await expect.poll(async () => (await bridge.readiness()).status, { timeout: 20_000 }).toBe('ready');
        expect(await client.llen('celery')).toBe(0);
        expect((await channel.checkQueue(queue)).messageCount).toBe(0);
      } finally {
        client.disconnect();
        await shop.close();
        await model.close();
        await database.stop();
      }
    }, 120_000);
  },
);
