import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { openStream } from '../../shared/event-stream.ts';
import { orderEventTypes } from '../../shared/order-event-types.ts';
import { isPaused } from '../../shared/resource.ts';
import type { OrderEvent } from './order.ts';

export interface OrderEvents {
  readonly events: ReadonlySignal<readonly OrderEvent[]>;
  readonly connection: ReadonlySignal<'live' | 'waiting'>;
}

/** The events of an order, live from its stream while `isThere`. What comes while the view is paused is shown afterwards. */
export const useOrderEvents = (id: string, isThere: boolean): OrderEvents => {
  const events = useSignal<readonly OrderEvent[]>([]);
  const connection = useSignal<'live' | 'waiting'>('waiting');

  useEffect(() => {
    if (!isThere) return;
    let known: readonly OrderEvent[] = [];
    events.value = known;
    const show = (): void => {
      if (!isPaused.peek()) events.value = known;
    };
    const close = openStream(`/api/orders/${encodeURIComponent(id)}/events`, orderEventTypes, {
      next: ({ data }) => {
        if (!isOrderEvent(data) || data.version <= (known.at(-1)?.version ?? 0)) return;
        known = [...known, data];
        show();
      },
      state: (now) => {
        connection.value = now;
      },
    });
    const unsubscribe = isPaused.subscribe(show);
    return () => {
      unsubscribe();
      close();
    };
  }, [id, isThere]);
  return { events, connection };
};

const isOrderEvent = (data: unknown): data is OrderEvent =>
  typeof data === 'object' && data !== null && 'version' in data && 'type' in data && 'at' in data;
