import { createKafkaTransport } from '@emporium/bus-kafka';
import { createBusContender } from './bus-contender.ts';
import { inFlight } from './contender.ts';
import { openRawKafkajs } from './raw-kafkajs.ts';
import type { Figure } from './report.ts';
import { benchTransport } from './transport-load.ts';

export const benchKafkaTransport = async (url: string): Promise<readonly Figure[]> => {
  const raw = await openRawKafkajs(url);
  const ours = await createBusContender(createKafkaTransport({ url }), { perCall: inFlight });
  const figures = await benchTransport({ raw, ours }, { atLeast: 0.85 });
  await Promise.all([raw.close(), ours.close()]);
  return figures;
};
