import { failureOf } from '../../shared/failure.ts';
import type { Check, CheckContext, Verdict } from './check.ts';

/** For a check that reads. */
export interface Reader extends Pick<CheckContext, 'begunAt'> {
  /** What an address answers. Throws when it does not: then the step is not done. */
  readonly read: <T>(path: string) => Promise<T>;
}

class Unreadable extends Error {}

/** A check by what some addresses answer. While one of them cannot be read the step is not done, and the reader is told why. */
export const reading =
  (decide: (reader: Reader) => Promise<Verdict>): Check =>
  async ({ get, begunAt }) => {
    const read = async <T>(path: string): Promise<T> => {
      const answer = await get<T>(path);
      if (answer.kind === 'ok') return answer.body;
      throw new Unreadable(`It cannot be seen now: ${failureOf(answer)}`);
    };
    try {
      return await decide({ read, begunAt });
    } catch (error) {
      if (error instanceof Unreadable) return notDone(error.message);
      throw error;
    }
  };

export const done = (seen: string): Verdict => ({ isDone: true, seen });
export const notDone = (seen: string): Verdict => ({ isDone: false, seen });

interface Action {
  readonly at: string;
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly outcome?: 'done' | 'refused';
}

interface Wanted {
  readonly target: string;
  readonly since: Date;
}

/** What administrators did to a target since then, and was done, the newest first. */
export const actionsSince = async (
  { read }: Pick<Reader, 'read'>,
  action: string,
  { target, since }: Wanted,
): Promise<readonly Action[]> => {
  const { entries } = await read<{ readonly entries: readonly Action[] }>(
    `/api/admin/audit?target=${target}&action=${action}&limit=100`,
  );
  return entries.filter(({ outcome, at }) => outcome === 'done' && new Date(at) >= since);
};

/** When an administrator first did something to a target since then; undefined when nobody did. */
export const firstAction = async (
  reader: Pick<Reader, 'read'>,
  action: string,
  wanted: Wanted,
): Promise<Date | undefined> => {
  const first = (await actionsSince(reader, action, wanted)).at(-1);
  return first === undefined ? undefined : new Date(first.at);
};

/** An order with what the checks of lessons look at. */
export interface SeenOrder {
  readonly orderId: string;
  readonly customerId: string;
  readonly status: string;
  readonly placedAt: string;
}

/** The newest orders that were placed since then, the newest first. */
export const ordersSince = async (
  { read }: Pick<Reader, 'read'>,
  since: Date,
): Promise<readonly SeenOrder[]> => {
  const from = encodeURIComponent(since.toISOString());
  return (await read<{ readonly orders: readonly SeenOrder[] }>(`/api/admin/orders?limit=20&from=${from}`))
    .orders;
};

/** What happened to an order, in words, the oldest first. */
export const timelineOf = async (
  { read }: Pick<Reader, 'read'>,
  { orderId }: SeenOrder,
): Promise<readonly { readonly at: string; readonly what: string }[]> =>
  (
    await read<{ readonly timeline: readonly { readonly at: string; readonly what: string }[] }>(
      `/api/orders/${orderId}`,
    )
  ).timeline;

/** What the payment provider has of an order. */
export const ledgerOf = async (
  { read }: Pick<Reader, 'read'>,
  { orderId }: SeenOrder,
): Promise<readonly { readonly status: string; readonly held: number; readonly captured: number }[]> =>
  (
    await read<{
      readonly authorisations: readonly {
        readonly status: string;
        readonly held: number;
        readonly captured: number;
      }[];
    }>(`/simulator/ledger?reference=${orderId}`)
  ).authorisations;
