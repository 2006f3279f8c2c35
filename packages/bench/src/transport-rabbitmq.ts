import { createRabbitmqTransport } from '@emporium/bus-rabbitmq';
import { createBusContender } from './bus-contender.ts';
import { openRawAmqplib } from './raw-amqplib.ts';
import type { Figure } from './report.ts';
import { benchTransport } from './transport-load.ts';

export const benchRabbitmqTransport = async (url: string): Promise<readonly Figure[]> => {
  const raw = await openRawAmqplib(url);
  const ours = await createBusContender(createRabbitmqTransport({ url }), { perCall: 1 });
  const figures = await benchTransport({ raw, ours });
  await Promise.all([raw.close(), ours.close()]);
  return figures;
};
