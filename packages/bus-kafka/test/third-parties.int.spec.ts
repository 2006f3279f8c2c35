import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import type { DeadLetter, Log, OutgoingMessage, Transport } from '@emporium/bus';
import { type Delivery, redeclareMs } from '@emporium/bus/transport';
import { type Contract, type Subscription, subscription, userRegistered } from '@emporium/contracts';
import { hostileBytes, hostileHeaders } from '@emporium/hostile-inputs';
import { canStart, type KafkaServer, startKafka } from '@emporium/servers';
import { CompressionCodecs, CompressionTypes, Kafka, logLevel, type Message, type Producer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { crc32c } from '../src/decoding/crc32c.ts';
import { createKafkaTransport } from '../src/index.ts';

const kafka = await canStart('kafka');

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** What others may write to a topic of ours or of theirs, with any client and any setting, and what a log may hold after a fault. */
describe.skipIf(!kafka.available)(kafka.title('kafka with third parties'), () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const lines: { readonly facts: object; readonly text: string }[] = [];
  let server: KafkaServer;
  let number = 0;

  beforeAll(async () => {
    server = await startKafka({ fastStart: true });
  }, 120_000);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
    lines.splice(0);
  });
  afterAll(() => server?.stop(), 60_000);

  const say = (facts: object, text: string): void => void lines.push({ facts, text });
  const log: Log = { info: say, warn: say, error: say };

  const open = (): Transport => {
    const transport = createKafkaTransport({
      url: server.url,
      timeoutMs: 3_000,
      sessionTimeoutMs: 6_000,
      log,
    });
    opened.push(transport);
    return transport;
  };

  const client = () => new Kafka({ brokers: [`${server.host}:${server.port}`], logLevel: logLevel.NOTHING });

  const rawProducer = async (transactionalId?: string): Promise<Producer> => {
    const producer = client().producer(
      transactionalId === undefined ? {} : { transactionalId, maxInFlightRequests: 1 },
    );
    await producer.connect();
    opened.push({ close: () => producer.disconnect() });
    return producer;
  };

  const createTopic = async (
    topic: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const admin = client().admin();
    await admin.connect();
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] });
    await admin.disconnect();
  };

  const aSubscription = (...to: readonly Contract[]): Subscription => {
    number += 1;
    return subscription(`email.party-${number}`, {
      to,
      retry: { attempts: 5, firstDelayMs: 50, maxDelayMs: 500 },
    });
  };

  /** An open stream with one partition. */
  const aStream = async (settings?: Readonly<Record<string, string>>): Promise<Contract> => {
    number += 1;
    const type = `readings_${number}`;
    await createTopic(type, settings);
    return { ...userRegistered, name: type, type, ...{ codec: { kind: 'json', identity: [], time: 'at' } } };
  };

  const declare = async (sub: Subscription): Promise<void> => {
    const consumer = await open().subscribe(sub, (delivery) => delivery.ack(), { concurrency: 1 });
    await consumer.stop();
  };

  const receive = async (sub: Subscription, transport = open()) => {
    const came: Delivery[] = [];
    const deadLetters: DeadLetter[] = [];
    await transport.consumeDeadLetters(async (deadLetter) => {
      if (deadLetter.subscription === sub.name) deadLetters.push(deadLetter);
    });
    const consumer = await transport.subscribe(
      sub,
      async (delivery) => {
        if (delivery.unreadable === undefined) came.push(delivery);
        await delivery.ack();
      },
      { concurrency: 10 },
    );
    return { came, deadLetters, consumer };
  };

  const until = (assertion: () => void | Promise<void>, timeout = 30_000) =>
    vi.waitFor(assertion, { timeout, interval: 50 });

  const textsOf = (came: readonly Delivery[]) => came.map(({ body }) => Buffer.from(body).toString());

  const texts = (count: number, prefix = 'reading') =>
    Array.from({ length: count }, (_, index) => `{"name":"${prefix}","number":${index}}`);

  const send = async (topic: string, messages: readonly Message[], compression = CompressionTypes.None) =>
    (await rawProducer()).send({ topic, messages: [...messages], compression });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'a topic that is compressed with %s is read, small batches and large ones',
    async (codec) => {
      const stream = await aStream({ 'compression.type': codec, 'max.message.bytes': '5242880' });
      const { came, deadLetters } = await receive(aSubscription(stream));
      const large = texts(2_000, 'r'.repeat(500));
      await send(stream.type, [{ value: 'lonely' }]);
      await send(
        stream.type,
        texts(10).map((value) => ({ value })),
      );
      await send(
        stream.type,
        large.map((value) => ({ value })),
      );
      await send(stream.type, [{ value: 'x'.repeat(3_000_000) }]);

      await until(() => expect(came).toHaveLength(2_012), 60_000);
      expect(textsOf(came).slice(11, 2_011)).toEqual(large);
      expect(deadLetters).toEqual([]);
    },
  );

  test('one producer may compress with zstd where others do not', async () => {
    const stream = await aStream();
    const { came } = await receive(aSubscription(stream));
    CompressionCodecs[CompressionTypes.ZSTD] = () => ({
      compress: ({ buffer }: { buffer: Buffer }) => promisify(zstdCompress)(buffer),
    });
    await send(stream.type, [{ value: 'plain' }]);
    await send(
      stream.type,
      texts(100).map((value) => ({ value })),
      CompressionTypes.ZSTD,
    );
    await until(() => expect(textsOf(came)).toEqual(['plain', ...texts(100)]));
  });

  test('what is too large, or would be when decompressed, is set aside once, and the records around it are read', async () => {
    const stream = await aStream({ 'max.message.bytes': '5242880' });
    const sub = aSubscription(stream);
    const { came, deadLetters, consumer } = await receive(sub);
    await send(stream.type, [{ value: 'before' }]);
    await send(stream.type, [{ key: 'k', value: 'x'.repeat(4_500_000) }]);
    await send(stream.type, [{ value: Buffer.alloc(40 * 1024 * 1024, 'a') }], CompressionTypes.GZIP);
    await send(stream.type, [{ value: 'after' }]);

    await until(() => expect(deadLetters).toHaveLength(2));
    await until(() => expect(textsOf(came)).toEqual(['before', 'after']));
    const [large, bomb] = deadLetters.toSorted((one, other) =>
      (one.position ?? '') < (other.position ?? '') ? -1 : 1,
    );
    expect(large).toMatchObject({
      reason: { code: 'bus.message_too_big', message: expect.stringContaining('4194304') },
      position: `${stream.type}/0/1`,
      truncatedFrom: 4_500_000,
      attempts: 1,
    });
    expect(large?.body.byteLength).toBe(64 * 1024);
    expect(bomb).toMatchObject({
      reason: { code: 'bus.message_too_big', message: expect.stringContaining('16777216') },
      position: `${stream.type}/0/2`,
      truncatedFrom: expect.any(Number),
    });
    await sleep(1_000);
    expect(deadLetters).toHaveLength(2);
    expect(consumer.status()).toEqual({ state: 'working' });
  });

  /** Writes into the only segment of the topic's partition. */
  const damage = async (topic: string, change: (segment: Buffer) => void): Promise<void> => {
    const file = join(dirname(server.logFile), `data/${topic}-0/00000000000000000000.log`);
    const segment = await readFile(file);
    change(segment);
    await writeFile(file, segment, { flag: 'r+' });
  };

  const resum = (segment: Buffer, at: number): void => {
    const end = at + 12 + segment.readInt32BE(at + 8);
    segment.writeInt32BE(crc32c(segment.subarray(at + 21, end)), at + 17);
  };

  const damages: Readonly<Record<string, readonly [RegExp, (segment: Buffer, at: number) => void]>> = {
    'a wrong checksum': [/checksum/, (segment, at) => segment.writeInt32BE(1, at + 17)],
    'an unknown codec': [
      /number 7/,
      (segment, at) => {
        segment.writeInt16BE(7, at + 21);
        resum(segment, at);
      },
    ],
    'broken zstd': [
      /zstd/,
      (segment, at) => {
        segment.writeInt32BE(0, at + 64);
        resum(segment, at);
      },
    ],
    'an unknown format': [/number 9/, (segment, at) => segment.writeInt8(9, at + 16)],
  };

  test.each(Object.entries(damages))(
    'a batch with %s is set aside once, and the partition goes on',
    async (_, [why, change]) => {
      const stream = await aStream({ 'compression.type': 'zstd' });
      const sub = aSubscription(stream);
      await declare(sub);
      await send(stream.type, [{ value: 'before' }]);
      await send(
        stream.type,
        texts(5).map((value) => ({ value })),
      );
      await send(stream.type, [{ value: 'after' }]);
      await damage(stream.type, (segment) => change(segment, 12 + segment.readInt32BE(8)));
      const { came, deadLetters } = await receive(sub);

      await until(() => expect(textsOf(came)).toEqual(['before', 'after']));
      await until(() => expect(deadLetters).toHaveLength(1));
      expect(deadLetters[0]).toMatchObject({
        reason: { code: 'bus.invalid_message', message: expect.stringMatching(why) },
        truncatedFrom: expect.any(Number),
      });
      expect(deadLetters[0]?.position).toMatch(new RegExp(`^${stream.type}/0/1(-5)?$`));
      expect(lines.filter(({ text }) => text.includes('again'))).toEqual([]);
    },
  );

  /** kafkajs's types leave out null, which the protocol has. */
  const nullable = (headers: Readonly<Record<string, Buffer | string | null>>) =>
    headers as NonNullable<Message['headers']>;

  const headersOf = ({ header, value }: (typeof hostileHeaders)[number]) =>
    ({
      [header]:
        value === null || value instanceof Uint8Array
          ? value && Buffer.from(value)
          : Array.isArray(value)
            ? [...value]
            : String(value),
    }) as NonNullable<Message['headers']>; // kafkajs's types leave out null, which the protocol has

  test('no header of a third party means anything on an open stream', async () => {
    const stream = await aStream();
    const { came } = await receive(aSubscription(stream));
    const messages = hostileHeaders.map((one) => ({ value: one.name, headers: headersOf(one) }));
    await send(stream.type, messages);
    await until(() => expect(textsOf(came)).toEqual(hostileHeaders.map(({ name }) => name)), 10_000);
    expect(came.map(({ id }) => id)).toEqual(hostileHeaders.map((_, offset) => `${stream.type}/0/${offset}`));
    expect(came.every(({ attempt, type }) => attempt === 1 && type === stream.type)).toBe(true);
  });

  test('a retry on an open stream counts its attempts, whatever headers it came with', async () => {
    const stream = await aStream();
    const sub = aSubscription(stream);
    const attempts: number[] = [];
    await open().subscribe(
      sub,
      async (delivery) => {
        attempts.push(delivery.attempt);
        await (delivery.attempt < 3 ? delivery.retry(50) : delivery.ack());
      },
      { concurrency: 1 },
    );
    const headers = {
      attempt: '6',
      'emporium-attempt': '6',
      due: '99999999999999',
      'emporium-due': '99999999999999',
    };
    await send(stream.type, [{ value: '{}', headers }]);
    await until(() => expect(attempts).toEqual([1, 2, 3]), 10_000);
  });

  test('headers of a third party change nothing about a message of ours on a shop topic', async () => {
    const sub = aSubscription(userRegistered);
    const { came } = await receive(sub);
    const type = { 'emporium-type': userRegistered.type };
    const messages = hostileHeaders
      .filter(({ header }) => header !== 'emporium-type')
      .map((one) => ({ value: one.name, headers: { ...headersOf(one), ...type } }));
    await send(`${userRegistered.owner}.events`, messages);
    await until(
      () => expect(textsOf(came).toSorted()).toEqual(messages.map(({ value }) => value).toSorted()),
      10_000,
    );
    expect(came.every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test('a record of a shop topic without our headers is known by its envelope, and is never passed over unread', async () => {
    const sub = aSubscription(userRegistered);
    const { came } = await receive(sub);
    const known = JSON.stringify({ type: userRegistered.type });
    await send(`${userRegistered.owner}.events`, [
      { value: known, headers: { type: 'nonsense' } },
      { value: known, headers: nullable({ 'emporium-type': null }) },
      { value: JSON.stringify({ type: 'another.event' }) },
      ...hostileBytes.map(({ value }) => ({ value: Buffer.from(value) })),
    ]);
    await until(() => expect(came).toHaveLength(2 + hostileBytes.length), 10_000);
    expect(came.filter(({ type }) => type === userRegistered.type)).toHaveLength(2);
  });

  test('any bytes, and no key and no value, are handed over as they are', async () => {
    const stream = await aStream();
    const { came } = await receive(aSubscription(stream));
    await send(stream.type, [
      ...hostileBytes.map(({ value }) => ({
        key: Buffer.from(value.subarray(0, 100)),
        value: Buffer.from(value),
      })),
      { value: null },
    ]);
    await until(() => expect(came).toHaveLength(hostileBytes.length + 1));
    expect(came.map(({ body }) => Buffer.from(body).toString('hex'))).toEqual([
      ...hostileBytes.map(({ value }) => Buffer.from(value).toString('hex')),
      '',
    ]);
    expect(came.every(({ key }) => key.isWellFormed() && !key.includes('\0'))).toBe(true);
  });

  test('a dead letter is always taken, whatever its headers and its body hold', async () => {
    const sub = aSubscription(userRegistered);
    await declare(sub);
    const deadLetters: DeadLetter[] = [];
    await open().consumeDeadLetters(async (deadLetter) => void deadLetters.push(deadLetter));
    await send(
      `${sub.name}.dead-letters`,
      [
        { 'emporium-attempts': '2147483648', 'emporium-failed-at': '-271821-04-20T00:00:00.000Z' },
        {
          'emporium-attempts': null,
          'emporium-failed-at': null,
          'emporium-code': null,
          'emporium-reason': null,
        },
        {
          'emporium-reason': `\0${'r'.repeat(10_000)}`,
          'emporium-subscription': '\0',
          'emporium-code': 'c\0',
        },
        {
          'emporium-truncated-from': '-5',
          'emporium-position': Buffer.from([0xff, 0]),
          'emporium-due': '99999999999999',
        },
      ].map((headers) => ({ value: 'body', headers: nullable(headers) })),
    );
    await send(`${sub.name}.dead-letters`, [{ value: null }, { value: 'x'.repeat(4_500_000) }]);
    const ours = () => deadLetters.filter(({ position }) => position !== undefined);
    await until(() => expect(ours()).toHaveLength(6));
    for (const { attempts, failedAt, reason, body } of ours()) {
      expect(attempts).toBeGreaterThanOrEqual(1);
      expect(attempts).toBeLessThanOrEqual(1_000);
      expect(failedAt).toMatch(/^\d{4}-/);
      expect(`${reason.code}${reason.message}`).not.toContain('\0');
      expect(reason.message.length).toBeLessThanOrEqual(500);
      expect(body.byteLength).toBeLessThanOrEqual(64 * 1024);
    }
  });

  test('a dead letter that is too large for its topic is cut, and taken', async () => {
    const stream = await aStream({ 'max.message.bytes': '5242880' });
    const sub = aSubscription(stream);
    await createTopic(`${sub.name}.dead-letters`, { 'max.message.bytes': '1000000' });
    const { deadLetters } = await receive(sub, open());
    await open().subscribe(sub, (delivery) => delivery.deadLetter({ code: 'a', message: 'b' }), {
      concurrency: 1,
    });
    const producer = await rawProducer();
    for (let index = 0; index < 8; index += 1)
      await producer.send({ topic: stream.type, messages: [{ value: 'x'.repeat(4_300_000) }] });
    await until(() => expect(deadLetters).toHaveLength(8));
  });

  test('what was aborted is not read, what was committed is, and the end of a transaction is passed over', async () => {
    const stream = await aStream();
    const sub = aSubscription(stream);
    const { came, consumer } = await receive(sub);
    const producer = await rawProducer(`transactional-${number}`);
    for (const end of ['commit', 'abort', 'commit'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: stream.type, messages: [{ value: end }] });
      await transaction[end]();
    }
    await until(() => expect(textsOf(came)).toEqual(['commit', 'commit']));
    const admin = client().admin();
    await admin.connect();
    opened.push({ close: () => admin.disconnect() });
    await until(async () => {
      const [found] = await admin.fetchOffsets({ groupId: sub.name, topics: [stream.type] });
      expect(found?.partitions[0]?.offset).toBe('6');
    });
    expect(consumer.status()).toEqual({ state: 'working' });
  });

  test('a consumer that cannot get over an offset says that it is stuck, and where', async () => {
    const stream = await aStream();
    const { came, consumer } = await receive(aSubscription(stream));
    await send(stream.type, [{ value: 'before' }]);
    const transaction = await (await rawProducer(`open-${number}`)).transaction();
    await transaction.send({ topic: stream.type, messages: [{ value: 'open' }] });
    await send(stream.type, [{ value: 'after' }]);

    await until(() =>
      expect(consumer.status()).toMatchObject({ state: 'stuck', position: `${stream.type}/0/1` }),
    );
    expect(textsOf(came)).toEqual(['before']);
    await transaction.abort();
    await until(() => expect(textsOf(came)).toEqual(['before', 'after']));
    await until(() => expect(consumer.status()).toEqual({ state: 'working' }));
  });

  test('a broker that has lost everything gets its topics, groups and bindings again, and no accepted message is lost', async () => {
    const sub = aSubscription(userRegistered);
    const { came } = await receive(sub);
    const publisher = open();
    const { kind, owner, type } = userRegistered;
    const message = (id: string): OutgoingMessage => ({
      id,
      key: id,
      kind,
      owner,
      type,
      body: Buffer.from(id),
      mandatory: true,
    });
    await until(async () =>
      expect(await publisher.publish([message('before')])).toEqual([{ status: 'accepted' }]),
    );
    await until(() => expect(came.map(({ id }) => id)).toContain('before'));

    const accepted: string[] = [];
    let isOver = false;
    const publishing = (async () => {
      for (let index = 0; !isOver; index += 1) {
        const id = `m-${index}`;
        const [result] = await publisher.publish([message(id)]);
        if (result?.status === 'accepted') accepted.push(id);
        await sleep(20);
      }
    })();
    await server.wipe();
    const count = accepted.length;
    await until(() => expect(accepted.length).toBeGreaterThan(count + 10), redeclareMs + 30_000);
    isOver = true;
    await publishing;
    await until(() =>
      expect(new Set(came.map(({ id }) => id))).toEqual(
        new Set([...came.map(({ id }) => id), ...accepted.slice(count)]),
      ),
    );
    expect(lines.filter(({ text }) => text.includes('lost the subscription')).length).toBeGreaterThan(0);
  });
});
