import type { Delivery } from '@emporium/bus/transport';
import { expect, test, vi } from 'vitest';
import { createQueue } from './queue.ts';
import { subscribe } from './subscriber.ts';

const entry = { id: 'a', type: 'order.placed', key: 'k', body: Buffer.from('{}'), attempt: 1 };

test('stopping does not wait for a delivery that resolved un-acked, which is delivered again as the same attempt', async () => {
  const queue = createQueue('email.orders', false);
  const broker = { queues: new Map(), deadLetters: createQueue('dead-letters', false) };
  const delivered: Delivery[] = [];
  const deliver = async (delivery: Delivery) => void delivered.push(delivery);
  const consumer = subscribe({ broker, queue, concurrency: 1, deliver });
  queue.add({ ...entry, storedAt: 0 });
  await vi.waitFor(() => expect(delivered).toHaveLength(1));

  const start = performance.now();
  await consumer.stop({ timeoutMs: 5_000 });

  expect(performance.now() - start).toBeLessThan(1_000);
  expect(delivered[0]?.signal.aborted).toBe(true);
  await expect(delivered[0]?.ack()).rejects.toThrow('a was requeued');
  subscribe({ broker, queue, concurrency: 1, deliver });
  await vi.waitFor(() => expect(delivered).toHaveLength(2));
  expect(delivered[1]).toMatchObject(entry);
});
