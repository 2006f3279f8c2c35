import type { QueueFigures } from '@emporium/bus';
import { partitionCount } from '@emporium/bus/transport';
import type { Registry } from '@emporium/contracts';
import type { Connection } from './connection.ts';

/** Messages in progress are those whose lock a session has. In an ordered subscription the locks are on partitions, and do not tell. */
export const readQueues = async (
  { reading, retryWhileAway }: Connection,
  { subscriptions }: Registry,
): Promise<QueueFigures[]> => {
  const names = subscriptions.map(({ name }) => name);
  const rows = await retryWhileAway(() => reading.query<QueueRow>(queues, [names]));
  return rows.map(({ name, ordered, messages, locked, age }) => ({
    subscription: name,
    waiting: ordered ? messages : Math.max(0, messages - locked),
    ...(ordered ? {} : { unacked: locked }),
    ...(age === null ? {} : { oldestAgeSeconds: Math.max(0, age) }),
  }));
};

interface QueueRow extends Record<string, unknown> {
  readonly name: string;
  readonly ordered: boolean;
  readonly messages: number;
  readonly locked: number;
  /** In seconds. */
  readonly age: number | null;
}

/** Messages of a subscription that are counted at most, so that a reading costs the same however many wait. */
const maxCounted = 10_000;

/** Messages are counted in the primary key alone. */
const queues = {
  name: 'bus-queues',
  text: `
    with locked as materialized (
      select (classid::bigint << 32) | objid::bigint as id from pg_locks
      where locktype = 'advisory' and objsubid = 1 and granted
        and database = (select oid from pg_database where datname = current_database())
    )
    select s.name, s.ordered,
      (select count(*) from (
        select from bus.message m where m.subscription_id = s.id limit ${maxCounted}
      ) waiting)::float8 as messages,
      case when s.ordered then 0 else (
        select count(*) from locked l
        join bus.message m on m.subscription_id = s.id and m.partition = 0 and m.id = l.id
      ) end::float8 as locked,
      (
        select extract(epoch from clock_timestamp() - min(head.stored_at))::float8
        from generate_series(0, case when s.ordered then ${partitionCount - 1} else 0 end) as wanted (partition)
        cross join lateral (
          select m.stored_at from bus.message m
          where m.subscription_id = s.id and m.partition = wanted.partition order by m.id limit 1
        ) head
      ) as age
    from bus.subscription s where s.name = any ($1::text[])`,
};
