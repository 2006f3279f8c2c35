/** As `GET /api/admin/subscriptions` describes one. */
export interface Subscription {
  readonly name: string;
  readonly service: string;
  readonly ordered: boolean;
  readonly contracts: readonly string[];
  readonly state: 'active' | 'paused';
  readonly pausable: boolean;
  readonly since?: string;
  readonly by?: string;
  readonly reason?: string;
}

export interface Subscriptions {
  readonly subscriptions: readonly Subscription[];
}

export interface QueueFigures {
  readonly subscription: string;
  readonly broker: string;
  readonly waiting: number;
  readonly unacked?: number;
  readonly oldestAgeSeconds?: number;
}

/** As `GET /api/admin/queues` answers. */
export interface Queues {
  readonly brokers: readonly { readonly name: string; readonly up: boolean; readonly problem?: string }[];
  readonly queues: readonly QueueFigures[];
}

export interface SubscriptionRow extends Subscription {
  /** Absent while its broker is away. */
  readonly queue?: QueueFigures;
}

export interface RowFilter {
  readonly text: string;
  readonly state: string;
  readonly sort: string;
}

/** Subscriptions with their queues, by name, or the longest queue first. */
export const rowsOf = (
  { subscriptions }: Subscriptions,
  queues: Queues | undefined,
  { text, state, sort }: RowFilter,
): readonly SubscriptionRow[] => {
  const figures = new Map((queues?.queues ?? []).map((queue) => [queue.subscription, queue]));
  const wanted = text.toLowerCase();
  const rows = subscriptions
    .filter((each) => state === '' || each.state === state)
    .filter(({ name, contracts }) => [name, ...contracts].some((each) => each.includes(wanted)))
    .map((each) => {
      const queue = figures.get(each.name);
      return queue === undefined ? each : { ...each, queue };
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return sort === 'waiting' ? rows.toSorted((a, b) => waitingOf(b) - waitingOf(a)) : rows;
};

const waitingOf = ({ queue }: SubscriptionRow): number => queue?.waiting ?? -1;
