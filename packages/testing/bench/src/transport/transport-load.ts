import { figureOf, interleave, type Pair } from '../report/interleave.ts';
import type { Figure } from '../report/report.ts';
import { median } from '../report/statistics.ts';
import { type Contender, inFlight, type Listening, unsettled } from './contender.ts';

const defaultMessages = 10_000;
const rateRounds = 7;
const latencyRounds = 10;
const messagesPerLatencyRound = 60;

interface Rates {
  readonly publish: readonly Pair<number>[];
  readonly consume: readonly Pair<number>[];
}

/**
 * Compares our transport with the raw client library, with the same bytes and guarantees on the same broker. `atLeast` is the goal
 * for the ratio of the rates, `messages` the number of messages in a round (default 10,000).
 */
export const benchTransport = async (
  sides: Pair<Contender>,
  { atLeast, messages }: { readonly atLeast: number; readonly messages?: number },
): Promise<readonly Figure[]> => {
  const { publish, consume } = await measureRates(sides, messages);
  const latencies = await measureLatencies(sides);
  return [
    figureOf({ what: `publish, ${inFlight} in flight`, unit: '/s', atLeast }, publish),
    figureOf({ what: `consume, ${unsettled} unsettled, single acks`, unit: '/s', atLeast }, consume),
    figureOf({ what: 'one message, publish to delivery, p50', unit: 'ms', atMost: 1.25 }, latencies),
  ];
};

/** Messages a second: first published, then consumed while none are published. */
export const measureRates = async (
  sides: Pair<Contender>,
  messages: number = defaultMessages,
): Promise<Rates> => {
  const rounds = await interleave(sides, rateRounds, async (inTurn) => ({
    publish: await inTurn((side) => publishRate(side, messages)),
    consume: await inTurn((side) => drainRate(side, messages)),
  }));
  return {
    publish: rounds.map(({ publish }) => publish),
    consume: rounds.map(({ consume }) => consume),
  };
};

const measureLatencies = async ({ raw, ours }: Pair<Contender>): Promise<readonly Pair<number>[]> => {
  const listening = { raw: await raw.listen(), ours: await ours.listen() };
  const latencies = await interleave(listening, latencyRounds, (inTurn) => inTurn(medianLatency));
  await Promise.all([listening.raw.stop(), listening.ours.stop()]);
  return latencies;
};

const roundsAlone = 3;

/** One side alone: the rates of each round, and the median latency of each in milliseconds, without the first rounds, which warm up. */
export const measureOne = async (side: Contender) => {
  const publish: number[] = [];
  const consume: number[] = [];
  const latencies: number[] = [];
  for (let round = 0; round <= roundsAlone; round += 1) {
    publish.push(await publishRate(side, defaultMessages));
    consume.push(await drainRate(side, defaultMessages));
  }
  const listening = await side.listen();
  for (let round = 0; round <= roundsAlone; round += 1) latencies.push(await medianLatency(listening));
  await listening.stop();
  return { publish: publish.slice(1), consume: consume.slice(1), latencies: latencies.slice(1) };
};

const perSecond = (messages: number, ms: number): number => (messages / ms) * 1_000;

const publishRate = async (side: Contender, messages: number): Promise<number> => {
  const start = performance.now();
  await side.publish(messages);
  return perSecond(messages, performance.now() - start);
};

const drainRate = async (side: Contender, messages: number): Promise<number> =>
  perSecond(messages, await side.drain(messages));

const medianLatency = async (side: Listening): Promise<number> => {
  const latencies: number[] = [];
  for (let sent = 0; sent < messagesPerLatencyRound; sent += 1) latencies.push(await side.roundTrip());
  return median(latencies);
};
