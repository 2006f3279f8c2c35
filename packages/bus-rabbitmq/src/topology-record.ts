import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors } from '@emporium/bus';
import type { ChannelModel, ConfirmChannel, GetMessage } from 'amqplib';
import type { Config } from './config.ts';
import { openConnection } from './connection.ts';
import { type Declarations, merge } from './declarations.ts';
import { codeOf } from './declare.ts';

/** What was applied before: AMQP tells whether a queue is there, but lists no queues, and no bindings at all. */
export interface RecordedTopology {
  readonly model: ChannelModel;
  readonly previous: Declarations;
  replace(record: Declarations): Promise<void>;
}

/** Exchange and durable queue of the record, its one message, which is read by getting it and putting it back. */
const record = 'emporium.topology';

/** An exclusive queue goes with its connection: a lock that nobody can leave behind. */
const lock = 'emporium.topology.lock';
const lockRetryMs = 50;
const lockTimeoutMs = 60_000;

/** Works on the topology while nobody else does. */
export const withTopology = async <T>(
  config: Config,
  work: (topology: RecordedTopology) => Promise<T>,
): Promise<T> => {
  const connection = openConnection(config, 'topology'); // the lock is the connection's: one for each work
  try {
    const model = await connection.within(config.timeoutMs);
    await takeLock(model);
    const channel = await model.createConfirmChannel();
    channel.on('error', () => {}); // the call that caused it rejects with it
    const { found, previous } = await readRecord(channel);
    const replace = async (next: Declarations) => {
      await publish(channel, Buffer.from(JSON.stringify(next)));
      for (const message of found) channel.ack(message);
    };
    const result = await work({ model, previous, replace });
    await channel.close(); // sends the acks; what was only read goes back to the queue
    return result;
  } finally {
    await connection.close();
  }
};

const takeLock = async (model: ChannelModel): Promise<void> => {
  for (const deadline = Date.now() + lockTimeoutMs; ; ) {
    const channel = await model.createChannel();
    channel.on('error', () => {}); // the call that caused it rejects with it
    try {
      await channel.assertQueue(lock, { exclusive: true, durable: false });
      return await channel.close();
    } catch (error) {
      if (codeOf(error) !== 405) throw error;
      if (Date.now() > deadline)
        throw busErrors.refused({ queue: lock, reason: 'another process holds it', cause: error });
    }
    await sleep(lockRetryMs);
  }
};

/** There are two for a moment, if a process ends between writing the new one and removing the old: then both count. */
const readRecord = async (
  channel: ConfirmChannel,
): Promise<{ found: GetMessage[]; previous: Declarations }> => {
  await channel.assertExchange(record, 'fanout');
  // Classic: a quorum queue counts every reading as a delivery, up to its limit.
  await channel.assertQueue(record, { arguments: { 'x-queue-type': 'classic' } });
  await channel.bindQueue(record, record, '');
  const found: GetMessage[] = [];
  for (let message = await channel.get(record); message !== false; message = await channel.get(record)) {
    found.push(message);
  }
  const records = found.map(({ content }) => JSON.parse(content.toString()) as Declarations); // written below
  return { found, previous: merge(records) };
};

const publish = (channel: ConfirmChannel, body: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    channel.publish(
      record,
      '',
      body,
      { persistent: true, contentType: 'application/json' },
      (error: unknown) => (error ? reject(error) : resolve()),
    );
  });
