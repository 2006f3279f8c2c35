/** The process behind `startConsumerProcess`: subscribes with the transport under test, and says what it does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from '@emporium/bus/transport';
import { loadCreate } from './broker.ts';
import type { Assignment, Report, Step } from './consumer-process.ts';

const { module, url, subscription, behaviour }: Assignment = JSON.parse(process.argv[2] ?? '');
const { concurrency, workMs, settle } = behaviour;

const say = (report: Report): void => {
  process.send?.(report);
};

const deliver = async (delivery: Delivery): Promise<void> => {
  const { id, key, attempt, body } = delivery;
  const text = Buffer.from(body).toString();
  const tell = (step: Step['step']) =>
    say({ step, at: Number(process.hrtime.bigint()), id, key, text, attempt });
  tell('begun');
  await sleep(workMs);
  if (settle === 'never') return new Promise(() => {});
  if (settle !== 'ack' && attempt === 1 && settle.retryFirst.includes(text)) {
    tell('retried');
    return delivery.retry(settle.delayMs);
  }
  // Said before the ack, so that the step is known when another process begins what follows.
  tell('acked');
  return delivery.ack();
};

// The parent may die before it could end this process.
process.on('disconnect', () => process.exit(1));

try {
  const create = await loadCreate(module);
  const transport = await create(url);
  await transport.subscribe(subscription, deliver, { concurrency });
  say({ ready: true });
} catch (error) {
  say({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
