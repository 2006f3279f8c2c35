import type { Process } from '../../break-it/state.ts';
import { shortId } from '../../orders/order.ts';
import type { Check } from '../check.ts';
import { atAnOrderSince, stepDone } from '../history.ts';
import { done, firstAction, notDone, ordersSince, type Reader, reading } from '../reading.ts';

const service = 'payment';
const wantedOrders = 3;

export const checks: Readonly<Record<string, Check>> = {
  'process-added': reading(async (reader) => {
    const scaled = await addedAt(reader);
    const added = (await processesOf(reader)).find((process) => process.added);
    if (scaled === undefined || added === undefined) return notDone(notAdded);
    return added.state === 'running'
      ? done(`Process ${added.name} runs beside the first one.`)
      : notDone(`Process ${added.name} is ${added.state}.`);
  }),

  'work-shared': reading(async (reader) => {
    const added = await addedAt(reader);
    if (added === undefined) return notDone(notAdded);
    const completed = (await ordersSince(reader, added)).filter(({ status }) => status === 'completed');
    return completed.length < wantedOrders
      ? notDone(`${completed.length} of ${wantedOrders} orders are completed.`)
      : done(`${completed.length} orders have been completed since the process was added.`);
  }),

  'first-killed': reading(async (reader) =>
    (await killedAt(reader)) === undefined ? notDone(notKilled) : done('The first process was killed.'),
  ),

  'work-goes-on': reading(async (reader) => {
    const killed = await killedAt(reader);
    if (killed === undefined) return notDone(notKilled);
    const started = await firstAction(reader, 'process.start', { target: service, since: killed });
    const paid = await atAnOrderSince(reader, killed, ({ orderId }, events) => {
      const authorised = stepDone(events, 'authorise');
      if (authorised === undefined) return undefined;
      return started === undefined || new Date(authorised.at) < started ? orderId : undefined;
    });
    return paid === undefined
      ? notDone('No order was paid for while the first process was down.')
      : done(`Order ${shortId(paid)} was paid for while the first process was down.`);
  }),

  'normal-again': reading(async (reader) => {
    if ((await killedAt(reader)) === undefined) return notDone(notKilled);
    const processes = await processesOf(reader);
    const isNormal = processes.every(({ state, added }) => state === 'running' && !added);
    return isNormal
      ? done('Payment has its one process again.')
      : notDone(`Not normal: ${processes.map(({ name, state }) => `${name} is ${state}`).join(', ')}.`);
  }),
};

const notAdded = 'No process of payment was added yet.';
const notKilled = 'The first process of payment has not been killed yet.';

const addedAt = (reader: Reader): Promise<Date | undefined> =>
  firstAction(reader, 'process.scale', { target: service, since: reader.begunAt });

const killedAt = (reader: Reader): Promise<Date | undefined> =>
  firstAction(reader, 'process.kill', { target: service, since: reader.begunAt });

const processesOf = async ({ read }: Reader): Promise<readonly Process[]> => {
  const path = '/api/admin/processes';
  const { processes } = await read<{ readonly processes: readonly Process[] }>(path);
  return processes.filter((process) => process.service === service);
};
