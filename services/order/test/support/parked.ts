import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { expect } from 'vitest';
import type { Fulfilment } from '../../src/fulfilment.ts';
import type { Orders, Published } from './orders.ts';
import type { Refuses } from './participants.ts';
import { type Answering, createAnswering } from './replies.ts';

const lines = [{ sku: 'MUG-1', quantity: 2 }];
const total = { amount: 2_500, currency: 'EUR' };

/** The type of a command without its version. */
const nameOf = ({ type }: Published): string => type.replace(/\.v\d+$/, '');

/** Orders whose saga is brought to a certain place. A saga's deadline is moved into the past instead of being waited for. */
export const createParked = (orders: Orders) => {
  /** The participants of each order. */
  const known = new Map<string, Answering>();
  const administrator = { as: uuid(), role: 'administrator' } as const;

  const place = async (): Promise<Fulfilment> => {
    const customerId = uuid();
    const payload = { lines, paymentToken: 'tok_ok' };
    const { body } = await orders.ask('POST', '/api/orders', { as: customerId, payload });
    return { orderId: String(body.orderId), customerId, lines, total, paymentToken: 'tok_ok' };
  };

  const stateOf = async (id: string): Promise<string> =>
    (await orders.ask('GET', `/api/admin/sagas/${id}`, administrator)).body.state;

  /** Lets the deadline of a saga pass, and waits until it was handled. */
  const passDeadline = async (id: string): Promise<void> => {
    const read = async () => {
      const { rows } = await sql<{ state: { deadline?: string } }>`
        select state from saga where id = ${id}`.execute(orders.store.db);
      return rows[0]?.state;
    };
    const past = new Date(Date.now() - 1_000);
    await sql`
      update saga set deadline = ${past}, state = jsonb_set(state, '{deadline}', to_jsonb(${past.toISOString()}::text))
      where id = ${id} and deadline is not null`.execute(orders.store.db);
    await expect.poll(async () => (await read())?.deadline, { timeout: 10_000 }).not.toBe(past.toISOString());
  };

  const parkUnanswered = async (id: string): Promise<void> => {
    for (let n = 0; n < 10 && (await stateOf(id)) !== 'parked'; n += 1) await passDeadline(id);
    expect(await stateOf(id)).toBe('parked');
  };

  return {
    administrator,
    place,
    stateOf,
    passDeadline,
    parkUnanswered,
    /** Answers all commands but those with these names, until only those are left. Returns what was published. */
    converse: async (
      order: Fulfilment,
      { silent = [], refuses }: { readonly silent?: readonly string[]; readonly refuses?: Refuses } = {},
    ): Promise<Published[]> => {
      const answering = known.get(order.orderId) ?? createAnswering(order, refuses);
      known.set(order.orderId, answering);
      const all: Published[] = [];
      for (;;) {
        const some = await orders.published();
        if (some.length === 0) return all;
        all.push(...some);
        const isOurs = ({ data }: Published) => data['orderId'] === order.orderId;
        for (const message of some.filter((each) => isOurs(each) && !silent.includes(nameOf(each)))) {
          const reply = answering.answer(message);
          if (reply !== undefined) await orders.handleTwice(reply);
        }
      }
    },
    show: async (id: string) => (await orders.ask('GET', `/api/admin/sagas/${id}`, administrator)).body,
    list: (query = '') => orders.ask('GET', `/api/admin/sagas${query}`, administrator),
    act: (id: string, action: string, payload?: object, as = administrator.as) =>
      orders.ask('POST', `/api/admin/sagas/${id}/${action}`, {
        ...{ as, role: 'administrator' as const },
        ...(payload === undefined ? {} : { payload }),
      }),
    timeline: async ({ orderId, customerId }: Fulfilment): Promise<string[]> => {
      const { body } = await orders.ask('GET', `/api/orders/${orderId}`, { as: customerId });
      return body.timeline.map(({ what }: { what: string }) => what);
    },
    view: async ({ orderId, customerId }: Fulfilment) =>
      (await orders.ask('GET', `/api/orders/${orderId}`, { as: customerId })).body,
    names: (published: readonly Published[]) => published.map(nameOf),
  };
};
