import { busErrors } from '@emporium/bus';
import { createMutex, createTrouble, type Health, type Mutex } from '@emporium/bus/transport';
import type { QueryResultRow } from 'pg';
import { createClient, type Query } from './client.ts';
import type { Config } from './config.ts';
import { isAway } from './errors.ts';
import { createNotifier } from './notifier.ts';
import { deadLetters } from './schema.ts';

/** A consumer, as the session sees it. */
export interface Member {
  readonly subscriptionId: number;
  readonly name: string;
  /** The subscription is missing on the broker, or has no bindings. */
  onGone(): void;
  /** A message may be available. */
  wake(): void;
  /** A message becomes available after so many milliseconds. */
  wakeIn(ms: number): void;
  /** Whether another delivery may begin. */
  hasRoom(): boolean;
  /** Once a second. */
  tick(): void;
  /** Another instance has started or stopped. */
  onChange(): void;
  /** The locks were lost with the last connection: locks the messages in progress again, before other instances can. */
  relock(run: Run): Promise<void>;
}

/** The locks of one session that belong to one subscription. */
export interface SessionLocks {
  /** Ids of messages, or partitions. */
  readonly locked: Set<string>;
  /** Statements that lock run one after the other, since each must know what the one before it locked. */
  readonly mutex: Mutex;
}

export type Run = <Row extends QueryResultRow>(query: Query, values: readonly unknown[]) => Promise<Row[]>;

/**
 * The connection whose session owns the locks. After a loss it connects again, and relocks the messages in progress. NOTIFY wakes its
 * members; once a second it polls for what no notification announced: messages of instances that died, and delays that end.
 */
export interface Session {
  /** Rejects at once while there is no connection. */
  readonly query: Run;
  connected(): boolean;
  /** This session's locks of a subscription. All its consumers share them, since the server grants a session its own locks again. */
  locks(subscriptionId: number): SessionLocks;
  join(member: Member): Promise<void>;
  leave(member: Member): Promise<void>;
  /** Wakes the instances of these subscriptions. A lost notification costs up to a second. */
  notify(subscriptionIds: readonly number[]): void;
  /** Tells the instances of this subscription that one of them has started or stopped. */
  notifyChange(subscriptionId: number): void;
  close(): Promise<void>;
}

const tickMs = 1_000;
/** After a loss all instances get this time to relock their own messages before any locks more. */
const graceMs = 250;

export const createSession = (config: Config, health: Health): Session => {
  const members = new Set<Member>();
  const locks = new Map<number, SessionLocks>();
  let ticking: NodeJS.Timeout | undefined;
  let reconnecting: NodeJS.Timeout | undefined;
  let isPolling = false;
  const polling = createTrouble({
    log: config.log,
    subscription: 'all',
    what: 'messages cannot be polled for',
    position: 'bus.message',
  });
  let closed = false;

  const client = createClient({
    config,
    health,
    purpose: 'session',
    settings: sessionSettings,
    prepare: async (connection) => {
      connection.on('notification', ({ channel, payload }) => onNotification(channel, payload));
      for (const { subscriptionId } of members) await connection.query(`listen ${channelOf(subscriptionId)}`);
      const run: Run = async ({ name, text }, values) =>
        (await connection.query({ name, text, values: [...values] })).rows;
      for (const member of members) await member.relock(run);
      setTimeout(() => {
        for (const member of members) member.wake();
      }, graceMs);
    },
    onLost: () => reconnect(50),
  });

  const reconnect = (delayMs: number): void => {
    clearTimeout(reconnecting);
    if (closed) return;
    reconnecting = setTimeout(() => {
      client.connect().catch(() => reconnect(Math.min(delayMs * 2, 500)));
    }, delayMs);
  };

  const query: Run = (statement, values) =>
    client.connected() ? client.query(statement, values) : Promise.reject(busErrors.broker_away());

  const onNotification = (channel: string, payload: string | undefined): void => {
    for (const member of members) {
      if (channelOf(member.subscriptionId) !== channel) continue;
      if (payload === changed) member.onChange();
      else if (payload === '') member.wake();
    }
  };

  const poll = async (): Promise<void> => {
    const all = [...members];
    if (all.length === 0) return;
    const rows = await query<Outlook>(outlook, [all.map(({ subscriptionId }) => subscriptionId)]);
    for (const { subscription_id, name, bound, ready, due_in_ms } of rows) {
      for (const member of all.filter(({ subscriptionId }) => subscriptionId === subscription_id)) {
        if (name !== member.name || !bound) member.onGone();
        else if (!member.hasRoom()) continue;
        if (ready) member.wake();
        // Later ones are left to later polls.
        if (due_in_ms !== null && due_in_ms <= tickMs) member.wakeIn(due_in_ms);
      }
    }
  };

  const tick = (): void => {
    if (isPolling || !client.connected()) return;
    for (const member of members) member.tick();
    isPolling = true;
    poll()
      .then(polling.succeeded, (error: unknown) => {
        // The client logs a lost connection.
        if (!isAway(error)) polling.failed(error);
      })
      .finally(() => {
        isPolling = false;
      });
  };

  const notifier = createNotifier(query);
  reconnect(0);

  return {
    query,
    connected: client.connected,
    locks: (subscriptionId) => {
      const known = locks.get(subscriptionId) ?? { locked: new Set(), mutex: createMutex() };
      locks.set(subscriptionId, known);
      return known;
    },
    join: async (member) => {
      members.add(member);
      await client.connect();
      ticking ??= setInterval(tick, tickMs);
      await client.query({ text: `listen ${channelOf(member.subscriptionId)}` }, []);
    },
    leave: async (member) => {
      members.delete(member);
      const { subscriptionId } = member;
      if ([...members].some((other) => other.subscriptionId === subscriptionId)) return;
      await query({ text: `unlisten ${channelOf(subscriptionId)}` }, []).catch(() => {}); // a lost session does not listen
    },
    notify: (subscriptionIds) => {
      for (const id of subscriptionIds) notifier.notify(channelOf(id), '');
    },
    notifyChange: (subscriptionId) => notifier.notify(channelOf(subscriptionId), changed),
    close: async () => {
      closed = true;
      clearInterval(ticking);
      clearTimeout(reconnecting);
      await notifier.flush();
      await client.close();
    },
  };
};

/**
 * The statements that lock scan the primary key in order and stop early; the planner, which estimates the whole result, would sort.
 * TCP keepalives release the locks of a machine that vanished within half a minute. No commit here needs the disk.
 */
const sessionSettings = [
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'plan_cache_mode=force_generic_plan',
  'tcp_keepalives_idle=15',
  'tcp_keepalives_interval=5',
  'tcp_keepalives_count=3',
  'synchronous_commit=off',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

const changed = 'changed';

const channelOf = (subscriptionId: number): string => `bus_${subscriptionId}`;

interface Outlook extends QueryResultRow {
  readonly subscription_id: number;
  /** Null if the broker has no such subscription. */
  readonly name: string | null;
  /** Whether it has bindings; the dead letters need none. */
  readonly bound: boolean;
  readonly ready: boolean;
  readonly due_in_ms: number | null;
}

const outlook: Query = {
  name: 'bus-outlook',
  text: `
    select s.id as subscription_id,
      (select one.name from bus.subscription one where one.id = s.id) as name,
      s.id = ${deadLetters} or exists (select from bus.binding b where b.subscription_id = s.id) as bound,
      exists (select from bus.message m where m.subscription_id = s.id and m.visible_at is null) as ready,
      (select extract(epoch from min(m.visible_at) - clock_timestamp())::float8 * 1000
        from bus.message m where m.subscription_id = s.id and m.visible_at is not null) as due_in_ms
    from unnest($1::int[]) s (id)`,
};
