import { gzipSync } from 'node:zlib';
import { hostileBytes } from '@emporium/hostile-inputs';
import { ownServerFor, serverFor } from '@emporium/servers';
import { type ChannelModel, type ConfirmChannel, connect, type GetMessage } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openShop, type Shop } from './support/shop.ts';

const [postgres, rabbitmq] = await Promise.all([serverFor('postgres'), ownServerFor('rabbitmq')]);
const queue = 'user_registrations';
const deadLetters = 'user_registrations.dead-letters';
const line = (user_id: number, name = 'Ada Lovelace') =>
  JSON.stringify({ user_id, email: `user-${user_id}@shop.example`, name });

describe.skipIf(!postgres.available || !rabbitmq.available)(
  postgres.title(rabbitmq.title('the queue user_registrations')),
  () => {
    let server: Awaited<ReturnType<typeof rabbitmq.start>>;
    let shop: Shop;
    let model: ChannelModel;
    let channel: ConfirmChannel;

    const dial = async () => {
      model = await connect(server.url);
      model.on('error', () => undefined);
      channel = await model.createConfirmChannel();
      channel.on('error', () => undefined);
    };
    const redial = async () => {
      await model.close().catch(() => undefined);
      await dial();
    };
    /** As a minimal client does, with the defaults of its library. */
    const publish = async (
      bodies: readonly (string | Buffer)[],
      properties: Parameters<ConfirmChannel['sendToQueue']>[2] = {},
    ) => {
      await channel.assertQueue(queue, { durable: false });
      for (const body of bodies) channel.sendToQueue(queue, Buffer.from(body), properties);
      await channel.waitForConfirms();
    };
    const userIds = () => shop.commands.map(({ externalId }) => Number(externalId));
    const untilCommands = (count: number) =>
      expect.poll(() => shop.commands.length, { timeout: 30_000 }).toBe(count);
    const nextDeadLetter = async (): Promise<GetMessage> => {
      for (const until = Date.now() + 10_000; Date.now() < until; ) {
        const found = await channel.get(deadLetters, { noAck: true }).catch(async () => {
          await redial(); // there is no such queue, which ends the channel
          return false as const;
        });
        if (found !== false) return found;
        await new Promise((done) => setTimeout(done, 50));
      }
      throw new Error('there is no dead letter');
    };

    beforeAll(async () => {
      server = await rabbitmq.start();
    }, 60_000);
    afterAll(() => server?.stop());
    beforeEach(async () => {
      await dial();
      shop = await openShop(postgres.url, { BRIDGE_AMQP_URL: server.url });
    });
    afterEach(async () => {
      await shop.close();
      await channel.deleteQueue(queue).catch(() => undefined);
      await model.close().catch(() => undefined);
    });

    test('a line that a minimal client sends becomes a command, and the same user again none', async () => {
      await shop.startBridge();
      await publish([line(1), line(1), ` ${line(1, 'Ada L.')}`, line(2)]);
      await untilCommands(2);
      expect(shop.commands.toSorted((a, b) => Number(a['externalId']) - Number(b['externalId']))).toEqual([
        {
          registrationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          ...{ email: 'user-1@shop.example', name: 'Ada Lovelace' },
          ...{ origin: queue, externalId: '1' },
        },
        expect.objectContaining({ externalId: '2' }),
      ]);
      await expect.poll(async () => (await channel.checkQueue(queue)).messageCount).toBe(0);
    });

    test('what cannot be translated is a dead letter with a reason, its bytes and its properties', async () => {
      await shop.startBridge();
      await publish(['{"user_id": 1}'], { messageId: 'm-1', contentType: 'text/x', headers: { tenant: 7 } });
      const { content, properties } = await nextDeadLetter();
      expect(content.toString()).toBe('{"user_id": 1}');
      expect(properties).toMatchObject({ messageId: 'm-1', contentType: 'text/x', deliveryMode: 2 });
      expect(properties.headers).toMatchObject({
        tenant: 7,
        'x-reason': 'email is missing; name is missing',
        'x-source': queue,
        'x-rejected-at': expect.stringMatching(/^\d{4}-.*Z$/),
      });
    });

    test('any bytes and headers are refused, and block nothing', async () => {
      await shop.startBridge();
      const bodies = hostileBytes.map(({ value }) => Buffer.from(value));
      await publish(bodies);
      await publish([gzipSync(line(1))], { contentEncoding: 'gzip' });
      await publish(['nonsense'], {
        expiration: '60000',
        CC: ['elsewhere'],
        headers: { deep: { a: [{ b: [null, true, 1.5] }] }, long: 'x'.repeat(60_000) },
      });
      await publish([`[${line(1)}]`, Buffer.alloc(5 * 1024 * 1024, 0x20), line(3)]);
      await untilCommands(1);
      const count = bodies.length + 4;
      const counted = async () => (await channel.checkQueue(deadLetters)).messageCount;
      await expect.poll(counted, { timeout: 10_000 }).toBe(count);
      const reasons = new Map<string, GetMessage>();
      for (let index = 0; index < count; index += 1) {
        const letter = await nextDeadLetter();
        reasons.set(letter.properties.headers?.['x-reason'], letter);
      }
      expect([...reasons.keys()]).toEqual(
        expect.arrayContaining([
          'the message must have no content encoding',
          'the message must be an object',
          'the message has 5242880 bytes, and must have 65536 at most',
        ]),
      );
      const large = reasons.get('the message has 5242880 bytes, and must have 65536 at most');
      expect(large?.content.byteLength).toBe(64 * 1024);
      expect(large?.properties.headers?.['x-truncated-from']).toBe(5 * 1024 * 1024);
    });

    test('100 messages of 5 MB are refused in bounded memory', async () => {
      const bridge = await shop.startBridge();
      await publish([line(1)]);
      await untilCommands(1);
      const before = await bridge.peakMemory();
      const large = Buffer.alloc(5_000_000, 0x20);
      for (let round = 0; round < 10; round += 1) await publish(Array.from({ length: 10 }, () => large));
      await publish([line(2)]);
      await untilCommands(2);
      const counted = async () => (await channel.checkQueue(deadLetters)).messageCount;
      await expect.poll(counted, { timeout: 20_000 }).toBe(100);
      await channel.purgeQueue(deadLetters);
      // Of 500 MB; what garbage collection has not freed yet depends on how busy the machine is.
      expect((await bridge.peakMemory()) - before).toBeLessThan(220);
    }, 60_000);

    test('a full queue of dead letters is reported, and keeps no valid message from being taken', async () => {
      await channel.deleteQueue(deadLetters);
      const full = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
      await channel.assertQueue(deadLetters, { durable: true, arguments: full });
      const bridge = await shop.startBridge();
      await publish([...Array.from({ length: 300 }, () => 'nonsense'), line(1)]);
      await untilCommands(1);
      const { checks } = await bridge.readiness();
      expect(JSON.stringify(checks[`queue ${queue}`])).toContain('refused messages were dropped');
      await expect.poll(async () => (await channel.checkQueue(queue)).messageCount).toBe(0);
      expect(bridge.log().match(/dropped|a dead letter was refused/g)?.length).toBeLessThan(5);
      await channel.deleteQueue(deadLetters);
    }, 60_000);

    test('one user when the bridge is killed between the commit and the ack', async () => {
      const killed = await shop.startBridge({ EMPORIUM_FAILPOINT: 'bridge.before-ack' });
      await publish([line(1)]);
      expect(await killed.exit).toBe(null);
      await shop.startBridge();
      await publish([line(2)]);
      await untilCommands(2);
      expect(userIds().toSorted()).toEqual([1, 2]);
      expect((await channel.checkQueue(queue)).messageCount).toBe(0);
    });

    test('2,000 messages with duplicates make one command each, with two instances of which one is killed', async () => {
      const [first] = await Promise.all([shop.startBridge(), shop.startBridge()]);
      const ids = Array.from({ length: 1_500 }, (_, index) => index);
      const sending = publish([...ids, ...ids.slice(0, 500)].map((id) => line(id)));
      await expect.poll(() => shop.commands.length, { timeout: 20_000, interval: 10 }).toBeGreaterThan(200);
      await first?.kill();
      await sending;
      await untilCommands(1_500);
      await new Promise((done) => setTimeout(done, 300));
      expect(userIds().toSorted((a, b) => a - b)).toEqual(ids);
    });

    test('the queue is declared and consumed again after it was deleted, and after a restart of the broker', async () => {
      const bridge = await shop.startBridge();
      await publish([line(1)]);
      await untilCommands(1);
      await channel.deleteQueue(queue);
      await publish([line(2)]);
      await untilCommands(2);

      await server.kill();
      await expect.poll(async () => (await bridge.readiness()).status).toBe('degraded');
      expect((await bridge.readiness()).checks[`queue ${queue}`]).toMatchObject({ status: 'degraded' });
      await server.startServer();
      await dial();
      await expect.poll(async () => (await bridge.readiness()).status, { timeout: 20_000 }).toBe('ready');
      expect((await channel.checkQueue(queue)).consumerCount).toBe(1);
      await publish([line(3)]);
      await untilCommands(3);
    }, 90_000);

    test('queues that somebody has declared otherwise are used as they are', async () => {
      await channel.deleteQueue(deadLetters);
      await channel.assertQueue(deadLetters, { durable: true });
      await channel.assertQueue(queue, { durable: true });
      const bridge = await shop.startBridge();
      channel.sendToQueue(queue, Buffer.from(line(1)));
      await untilCommands(1);
      expect(bridge.log().match(/consumed as it was declared by somebody else/g)).toHaveLength(1);
      channel.sendToQueue(queue, Buffer.from('nonsense'));
      expect((await nextDeadLetter()).content.toString()).toBe('nonsense');
      await channel.deleteQueue(deadLetters);
    });

    test('a deleted queue of dead letters is declared again, and nothing refused is lost', async () => {
      await shop.startBridge();
      await publish([line(1)]);
      await untilCommands(1);
      await channel.deleteQueue(deadLetters);
      await publish(['nonsense']);
      expect((await nextDeadLetter()).content.toString()).toBe('nonsense');
    });
  },
);
