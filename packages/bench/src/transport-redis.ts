import { createRedisTransport } from '@emporium/bus-redis';
import { createBusContender } from './bus-contender.ts';
import { inFlight } from './contender.ts';
import { openRawIoredis } from './raw-ioredis.ts';
import type { Figure } from './report.ts';
import { benchTransport } from './transport-load.ts';

export const benchRedisTransport = async (url: string): Promise<readonly Figure[]> => {
  const raw = await openRawIoredis(url);
  const ours = await createBusContender(createRedisTransport({ url }), { perCall: inFlight });
  const figures = await benchTransport({ raw, ours }, { atLeast: 0.85 });
  await Promise.all([raw.close(), ours.close()]);
  return figures;
};
