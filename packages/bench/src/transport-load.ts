import { type Contender, inFlight, type Listening, unsettled } from './contender.ts';
import { figureOf, interleave, type Pair } from './interleave.ts';
import type { Figure } from './report.ts';
import { median } from './statistics.ts';

const messages = 10_000;
const rateRounds = 7;
const latencyRounds = 10;
const messagesPerLatencyRound = 60;

/** How near our transport comes to the raw client library, with the same bytes and guarantees on the same broker. */
export const benchTransport = async (sides: Pair<Contender>): Promise<readonly Figure[]> => {
  const rates = await interleave(sides, rateRounds, async (inTurn) => ({
    publish: await inTurn(publishRate),
    consume: await inTurn(drainRate),
  }));
  const listening = { raw: await sides.raw.listen(), ours: await sides.ours.listen() };
  const latencies = await interleave(listening, latencyRounds, (inTurn) => inTurn(medianLatency));
  await Promise.all([listening.raw.stop(), listening.ours.stop()]);
  return [
    figureOf(
      { what: `publish, ${inFlight} in flight`, unit: '/s', atLeast: 0.9 },
      rates.map(({ publish }) => publish),
    ),
    figureOf(
      { what: `consume, ${unsettled} unsettled, single acks`, unit: '/s', atLeast: 0.9 },
      rates.map(({ consume }) => consume),
    ),
    figureOf({ what: 'one message, publish to delivery, p50', unit: 'ms', atMost: 1.25 }, latencies),
  ];
};

const perSecond = (ms: number): number => (messages / ms) * 1_000;

const publishRate = async (side: Contender): Promise<number> => {
  const start = performance.now();
  await side.publish(messages);
  return perSecond(performance.now() - start);
};

const drainRate = async (side: Contender): Promise<number> => perSecond(await side.drain(messages));

const medianLatency = async (side: Listening): Promise<number> => {
  const latencies: number[] = [];
  for (let sent = 0; sent < messagesPerLatencyRound; sent += 1) latencies.push(await side.roundTrip());
  return median(latencies);
};
