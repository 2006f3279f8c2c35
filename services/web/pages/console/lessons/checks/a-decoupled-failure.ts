import { shortId } from '../../orders/order.ts';
import type { Queues } from '../../subscriptions/subscription.ts';
import type { Check } from '../check.ts';
import {
  done,
  firstAction,
  notDone,
  ordersSince,
  type Reader,
  reading,
  type SeenOrder,
  timelineOf,
} from '../reading.ts';

const target = 'loyalty';

const stoppedAt = (reader: Reader): Promise<Date | undefined> =>
  firstAction(reader, 'process.kill', { target, since: reader.begunAt });

const startedAgainAt = (reader: Reader, since: Date): Promise<Date | undefined> =>
  firstAction(reader, 'process.start', { target, since });

/** The orders that were placed and completed while loyalty was down. */
const completedWithout = async (
  reader: Reader,
  stopped: Date,
  started: Date | undefined,
): Promise<readonly SeenOrder[]> => {
  const placed = (await ordersSince(reader, stopped)).filter(({ status }) => status === 'completed');
  const found: SeenOrder[] = [];
  for (const order of placed) {
    const completed = (await timelineOf(reader, order)).find(({ what }) => what === 'completed');
    if (completed !== undefined && (started === undefined || new Date(completed.at) < started))
      found.push(order);
  }
  return found;
};

const afterTheStop = 'The loyalty service was not stopped yet.';

export const checks: Readonly<Record<string, Check>> = {
  'loyalty-stopped': reading(async (reader) => {
    const stopped = await stoppedAt(reader);
    return stopped === undefined ? notDone(afterTheStop) : done('The loyalty service was killed.');
  }),

  'order-completed': reading(async (reader) => {
    const stopped = await stoppedAt(reader);
    if (stopped === undefined) return notDone(afterTheStop);
    const [order] = await completedWithout(reader, stopped, await startedAgainAt(reader, stopped));
    return order === undefined
      ? notDone('No order was completed yet while the loyalty service was down.')
      : done(`Order ${shortId(order.orderId)} was completed without the loyalty service.`);
  }),

  'message-waits': reading(async (reader) => {
    const stopped = await stoppedAt(reader);
    if (stopped === undefined) return notDone(afterTheStop);
    if ((await startedAgainAt(reader, stopped)) !== undefined)
      return notDone('The loyalty service runs again, so nothing waits for it: kill it once more.');
    const { queues } = await reader.read<Queues>('/api/admin/queues');
    const waiting = queues.find(({ subscription }) => subscription === 'loyalty.orders')?.waiting ?? 0;
    return waiting === 0
      ? notDone('No message waits in loyalty.orders.')
      : done(`${waiting} ${waiting === 1 ? 'message' : 'messages'} waited in loyalty.orders.`);
  }),

  'points-given': reading(async (reader) => {
    const stopped = await stoppedAt(reader);
    if (stopped === undefined) return notDone(afterTheStop);
    const started = await startedAgainAt(reader, stopped);
    if (started === undefined) return notDone('The loyalty service was not started again yet.');
    const orders = await completedWithout(reader, stopped, started);
    for (const order of orders) {
      const { orderId, customerId } = order;
      const { entries } = await reader.read<{
        readonly entries: readonly {
          readonly orderId: string;
          readonly kind: string;
          readonly points: number;
        }[];
      }>(`/api/admin/loyalty/${customerId}`);
      const earned = entries.filter((entry) => entry.orderId === orderId && entry.kind === 'earned');
      const [entry] = earned;
      if (entry !== undefined && earned.length === 1)
        return done(`${entry.points} points were given for order ${shortId(order.orderId)}, once.`);
    }
    return notDone('The points of the order are not given yet.');
  }),
};
