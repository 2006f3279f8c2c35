import type { QueueFigures } from '@emporium/bus';
import type { Registry } from '@emporium/contracts';
import type { ChannelModel } from 'amqplib';
import type { Config } from './config.ts';
import type { Connection } from './connection/connection.ts';
import { openManagement } from './management.ts';
import { queuesOf } from './names.ts';
import { virtualHostOf } from './topology/bindings.ts';
import { codeOf, onChannel } from './topology/declare.ts';

/**
 * AMQP tells any user what is ready in a queue. Only the management plugin tells what is unacked, up to five seconds late; where it
 * does not answer, or does not know a queue yet, that is left out. Messages in retry of unordered subscriptions wait in queues of the
 * service, which cannot be told apart, and are in neither number.
 */
export const readQueues = async (
  config: Config,
  connection: Connection,
  { subscriptions }: Registry,
): Promise<QueueFigures[]> => {
  const model = await connection.within(config.timeoutMs);
  const names = subscriptions.flatMap(queuesOf);
  const [ready, unacked] = await Promise.all([readReady(model, names), readUnacked(config)]);
  return subscriptions.flatMap((subscription) => {
    const queues = queuesOf(subscription);
    const waiting = sumOf(queues, ready);
    if (waiting === undefined) return [];
    const unsettled = sumOf(queues, unacked);
    return {
      subscription: subscription.name,
      waiting,
      ...(unsettled === undefined ? {} : { unacked: unsettled }),
    };
  });
};

/** Undefined unless all of them are known. */
const sumOf = (queues: readonly string[], counts: ReadonlyMap<string, number>): number | undefined =>
  queues.every((queue) => counts.has(queue))
    ? queues.reduce((sum, queue) => sum + (counts.get(queue) ?? 0), 0)
    : undefined;

/** By queue. The broker ends the channel at a queue that is missing: the rest is asked for on another one. */
const readReady = async (
  model: ChannelModel,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const ready = new Map<string, number>();
  const left = [...names];
  while (left.length > 0) {
    try {
      await onChannel(model, async (channel) => {
        for (let name = left.shift(); name !== undefined; name = left.shift()) {
          ready.set(name, (await channel.checkQueue(name)).messageCount);
        }
      });
    } catch (error) {
      if (codeOf(error) !== 404) throw error;
    }
  }
  return ready;
};

/** By queue; empty where the plugin does not answer. */
const readUnacked = async ({ managementUrl, url }: Config): Promise<ReadonlyMap<string, number>> => {
  try {
    const found = await openManagement(managementUrl, managementTimeoutMs).get(
      ['queues', virtualHostOf(url)],
      { disable_stats: 'true', enable_queue_totals: 'true' },
    );
    if (!Array.isArray(found)) return new Map();
    return new Map(
      (found as readonly FoundQueue[]) // the API's shape
        .filter(({ messages_unacknowledged }) => messages_unacknowledged !== undefined)
        .map(({ name, messages_unacknowledged }) => [name, messages_unacknowledged ?? 0]),
    );
  } catch {
    return new Map();
  }
};

/** Short, because the default address may be wrong, and less than the queues' own limit. */
const managementTimeoutMs = 400;

interface FoundQueue {
  readonly name: string;
  /** Absent until the queue has reported for the first time. */
  readonly messages_unacknowledged?: number;
}
