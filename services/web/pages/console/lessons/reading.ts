import { failureOf } from '../../shared/failure.ts';
import type { Check, CheckContext, Verdict } from './check.ts';

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
  readonly outcome?: 'done' | 'refused';
}

/** When an administrator first did something to a target since then; undefined when nobody did. */
export const firstAction = async (
  { read }: Pick<Reader, 'read'>,
  action: string,
  { target, since }: { readonly target: string; readonly since: Date },
): Promise<Date | undefined> => {
  const { entries } = await read<{ readonly entries: readonly Action[] }>(
    `/api/admin/audit?target=${target}&action=${action}&limit=100`,
  );
  return entries
    .filter(({ outcome }) => outcome === 'done')
    .map(({ at }) => new Date(at))
    .filter((at) => at >= since)
    .at(-1);
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
