import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { request } from '../../../shared/api.ts';
import type { Resource } from '../../../shared/resource.ts';
import { shopClock } from '../../../shared/shop-clock.ts';
import type { Order } from '../order.ts';

/** A version as it was read. */
export interface OrderAt {
  readonly version: number;
  readonly order: Order;
}

/** Waits for a slider that is still moving. */
const settleMs = 80;

/** The order after its event of this version. The past does not change, so each version is read once; until it is there the one before stays. */
export const useOrderAt = (id: string, version: number): ReadonlySignal<Resource<OrderAt>> => {
  const state = useSignal<Resource<OrderAt>>({ kind: 'loading' });
  const known = useSignal<ReadonlyMap<number, Order>>(new Map());

  useEffect(() => {
    if (version < 1) return;
    const show = (order: Order): void => {
      state.value = { kind: 'ready', value: { version, order }, at: new Date(shopClock.now()) };
    };
    const before = known.peek().get(version);
    if (before !== undefined) return show(before);
    const left = new AbortController();
    const timer = setTimeout(async () => {
      const path = `/api/orders/${encodeURIComponent(id)}?version=${version}`;
      const answer = await request<Order>(path, { signal: left.signal });
      if (left.signal.aborted) return;
      if (answer.kind !== 'ok') {
        state.value = answer;
        return;
      }
      known.value = new Map([...known.peek(), [version, answer.body]]);
      show(answer.body);
    }, settleMs);
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [id, version]);
  return state;
};
