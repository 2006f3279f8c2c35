/** The process of `startConsumerProcess`: subscribes with the transport under test, and reports its deliveries. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from '@emporium/bus/transport';
import { loadCreate } from './broker.ts';
import type { ConsumerArguments, ConsumerMessage, DeliveryEvent } from './consumer-process.ts';

const { module, url, subscription, behaviour }: ConsumerArguments = JSON.parse(process.argv[2] ?? '');
const { concurrency, workMs, settle } = behaviour;

const send = (message: ConsumerMessage): void => {
  process.send?.(message);
};

const deliver = async (delivery: Delivery): Promise<void> => {
  const { id, key, attempt, body } = delivery;
  const text = Buffer.from(body).toString();
  const report = (event: DeliveryEvent['event']) =>
    send({ event, at: Number(process.hrtime.bigint()), id, key, text, attempt });
  report('begun');
  await sleep(workMs);
  if (settle === 'never') return new Promise(() => {});
  if (settle !== 'ack' && attempt === 1 && settle.retryFirst.includes(text)) {
    report('retried');
    return delivery.retry(settle.delayMs);
  }
  // Before the ack, so that the event has an earlier time than the next delivery in another process.
  report('acked');
  return delivery.ack();
};

// The parent may be killed before it could stop this process.
process.on('disconnect', () => process.exit(1));

try {
  const create = await loadCreate(module);
  const transport = await create(url);
  await transport.subscribe(subscription, deliver, { concurrency });
  send({ ready: true });
} catch (error) {
  send({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
