import type { TopologyChange } from '@emporium/bus';
import type { ChannelModel } from 'amqplib';
import {
  type Binding,
  type Declarations,
  merge,
  nameOfBinding,
  nameOfExchange,
  nameOfQueue,
  type Queue,
  without,
} from './declarations.ts';
import { codeOf, onChannel } from './declare.ts';
import type { RecordedTopology } from './topology-record.ts';

/**
 * Removes what was applied once and is no longer implied. A queue is unbound first, and removed if it is empty and has no
 * consumers, else it stays on record for the next time.
 */
export const prune = async (
  { model, previous, replace }: RecordedTopology,
  layout: Declarations,
): Promise<TopologyChange[]> => {
  const stale = without(previous, layout);
  const removed: Declarations[] = [];
  const left: TopologyChange[] = [];

  for (const binding of stale.bindings.filter((one) => !leadsBack(one))) {
    await unlessMissing(unbind(model, binding));
    removed.push({ exchanges: [], queues: [], bindings: [binding] });
  }
  for (const queue of stale.queues) {
    const reason = await neededFor(model, queue, previous);
    if (reason === undefined) {
      await onChannel(model, (channel) => channel.deleteQueue(queue.name));
      const bindings = stale.bindings.filter((binding) => binding.queue === queue.name && leadsBack(binding));
      removed.push({ exchanges: [], queues: [queue], bindings });
    } else {
      left.push({ action: 'conflict', what: nameOfQueue(queue), detail: `not removed: ${reason}` });
    }
  }
  for (const exchange of stale.exchanges) {
    const gone = await unlessInUse(
      onChannel(model, (channel) => channel.deleteExchange(exchange.name, { ifUnused: true })),
    );
    if (gone) removed.push({ exchanges: [exchange], queues: [], bindings: [] });
    else
      left.push({
        action: 'conflict',
        what: nameOfExchange(exchange),
        detail: 'not removed: a queue listens to it',
      });
  }

  const { exchanges, queues, bindings } = merge(removed);
  await replace(without(previous, { exchanges, queues, bindings }));
  const names = [
    ...bindings.map(nameOfBinding),
    ...queues.map(nameOfQueue),
    ...exchanges.map(nameOfExchange),
  ];
  return [...names.map((what): TopologyChange => ({ action: 'remove', what })), ...left];
};

/** What waits for a retry finds its queue by this binding, which goes with the queue. */
const leadsBack = ({ exchange, queue, pattern }: Binding): boolean =>
  exchange.endsWith('.retry') && pattern === queue;

const unbind = (
  model: ChannelModel,
  { queue, exchange, pattern, arguments: values }: Binding,
): Promise<unknown> => onChannel(model, (channel) => channel.unbindQueue(queue, exchange, pattern, values));

/** Why a queue may not go. The broker's own flag `if-empty` does not work for quorum queues. */
const neededFor = async (
  model: ChannelModel,
  { name }: Queue,
  previous: Declarations,
): Promise<string | undefined> => {
  const { messageCount, consumerCount } = await contentOf(model, name);
  if (messageCount > 0) return `messages in it: ${messageCount}`;
  if (consumerCount > 0) return 'it has consumers';
  const [service] = name.split('.');
  for (const { name: other } of previous.queues.filter((queue) =>
    queue.name.startsWith(`${service}.wait.`),
  )) {
    if ((await contentOf(model, other)).messageCount > 0) return `messages wait in ${other}`;
  }
  return undefined;
};

const contentOf = (model: ChannelModel, queue: string) =>
  onChannel(model, (channel) => channel.checkQueue(queue)).catch((error: unknown) => {
    if (codeOf(error) === 404) return { messageCount: 0, consumerCount: 0 };
    throw error;
  });

const unlessMissing = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => {
    if (codeOf(error) !== 404) throw error;
  });

const unlessInUse = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 406) return false;
      throw error;
    },
  );
