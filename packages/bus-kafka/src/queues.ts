import type { QueueFigures } from '@emporium/bus';
import type { Registry } from '@emporium/contracts';
import { decodeProgress } from './consumer/progress.ts';
import { committedOf, endsOf, type Offsets } from './kafkajs/offsets.ts';
import { topicsRead } from './names.ts';
import type { Tools } from './tools.ts';
import type { Declared } from './topology/topology-record.ts';

/**
 * The lag of each group over the topics that it reads, without what the commits' metadata lists as finished. It includes messages in
 * progress, and those that the group has yet to skip: types that it does not listen to, and retries of the service's other
 * subscriptions.
 */
export const readQueues = async (tools: Tools, registry: Registry): Promise<QueueFigures[]> => {
  const { connection, record, topics } = tools;
  await record.refresh();
  const declared = registry.subscriptions.flatMap(({ name }) => record.bindings.subscription(name) ?? []);
  const topicsOf = ({ name, ...subscription }: Declared): string[] =>
    topicsRead(
      subscription,
      record.bindings.of(name).map(({ topic }) => topic),
    );
  const all = [...new Set(declared.flatMap(topicsOf))];
  const missing = new Set(await topics.missing(all));
  const ends = await endsOf(
    connection,
    all.filter((topic) => !missing.has(topic)),
  );
  return Promise.all(
    declared.map(async (subscription) => {
      const read = topicsOf(subscription).filter((topic) => ends[topic] !== undefined);
      const ofGroup = Object.fromEntries(read.map((topic) => [topic, ends[topic] ?? []]));
      return { subscription: subscription.name, waiting: await lagOf(tools, subscription, ofGroup) };
    }),
  );
};

const lagOf = async (
  { connection, record }: Tools,
  { name, id }: Declared,
  ends: Offsets,
): Promise<number> => {
  let lag = 0;
  for (const { topic, partition, offset, text } of await committedOf(connection, name, ends)) {
    const end = Number(ends[topic]?.[partition] ?? 0);
    const { top, holes, declaration } = decodeProgress(offset, text);
    // What was committed before the broker was reset is about logs that are gone.
    const isCurrent = offset >= 0 && (declaration === undefined || declaration === id);
    const unfinished = isCurrent
      ? holes.length + Math.max(0, end - top)
      : end - record.bindings.beginning(name, topic, partition);
    lag += Math.max(0, unfinished);
  }
  return lag;
};
