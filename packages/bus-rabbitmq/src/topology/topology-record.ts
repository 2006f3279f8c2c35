import { busErrors } from '@emporium/bus';
import type { ChannelModel, ConfirmChannel, GetMessage } from 'amqplib';
import type { Config } from '../config.ts';
import { openConnection } from '../connection/connection.ts';
import { type Declarations, merge, nothing } from './declarations.ts';
import { codeOf } from './declare.ts';
import { withLock } from './topology-lock.ts';

/** What was applied before: AMQP can check one queue, but lists neither queues nor bindings. */
export interface RecordedTopology {
  readonly model: ChannelModel;
  readonly previous: Declarations;
  replace(record: Declarations): Promise<void>;
}

/** Exchange and durable queue of the record, its one message, which is read by getting it and putting it back. */
const record = 'emporium.topology';

const lockTimeoutMs = 60_000;

/** Runs `work` on the topology under its lock. */
export const withTopology = async <T>(
  config: Config,
  work: (topology: RecordedTopology) => Promise<T>,
): Promise<T> => {
  const connection = openConnection(config, 'topology'); // the lock is the connection's: one for each work
  try {
    const model = await connection.within(config.timeoutMs);
    return await withLock(model, lockTimeoutMs, () => withRecord(model, work));
  } catch (error) {
    if (codeOf(error) !== 403) throw error;
    throw busErrors.refused({ reason: 'this user may not manage the topology', cause: error });
  } finally {
    await connection.close();
  }
};

const withRecord = async <T>(
  model: ChannelModel,
  work: (topology: RecordedTopology) => Promise<T>,
): Promise<T> => {
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
  const records = found.map(({ content }) => recordFrom(content));
  return { found, previous: merge(records) };
};

/** Nothing, where it is not what this writes. */
const recordFrom = (body: Buffer): Declarations => {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isRecord(value) ? value : nothing;
  } catch {
    return nothing;
  }
};

const isRecord = (value: unknown): value is Declarations =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(nothing).every((part) => part in value && Array.isArray(Reflect.get(value, part)));

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
