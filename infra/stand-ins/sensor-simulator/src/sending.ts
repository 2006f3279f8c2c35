import { createStreamMessage, type Transport } from '@emporium/bus';
import { sensorData } from '@emporium/contracts';
import type { LifecycleStage, Log } from '@emporium/service';
import type { Reading } from './domain/fleet.ts';
import type { Simulation } from './simulation.ts';
import type { Tallying } from './tally.ts';

interface Sending {
  readonly transport: Pick<Transport, 'publish'>;
  readonly simulation: Simulation;
  readonly tally: Tallying;
  readonly log: Log;
}

/** What is read meanwhile leaves together: at a few readings a second each would cost all its readers a transaction. */
const tickMs = 250;
const reportMs = 10_000;
/**
 * Readings of one call, and calls under way, at most: a broker that is slow or away is not sent more and more. All that the
 * highest rate makes due after the longest gap fits in.
 */
const chunk = 500;
const mostUnderWay = 100;

/** Sends what the sensors read, as it is read, and says every ten seconds what became of it. */
export const sending = ({ transport, simulation, tally, log }: Sending): LifecycleStage => ({
  name: 'sensors',
  start: () => {
    const underWay = new Set<Promise<void>>();

    const send = async (readings: readonly Reading[]): Promise<void> => {
      const messages = readings.map((reading) => createStreamMessage(sensorData, reading));
      tally.count(await transport.publish(messages));
    };

    const tick = (): void => {
      const readings = simulation.read(new Date());
      for (let from = 0; from < readings.length; from += chunk) {
        const part = readings.slice(from, from + chunk);
        if (underWay.size >= mostUnderWay) {
          tally.skip(part.length);
          continue;
        }
        const sent = send(part).finally(() => underWay.delete(sent));
        underWay.add(sent);
      }
    };

    let before = tally.read();
    const report = (): void => {
      const now = tally.read();
      const facts = {
        delivered: now.delivered - before.delivered,
        failed: now.failed - before.failed,
        skipped: now.skipped - before.skipped,
      };
      if (facts.failed + facts.skipped > 0)
        log.warn({ ...facts, reason: now.lastFailure?.reason }, 'readings were lost');
      else log.info(facts, 'readings');
      before = now;
    };

    const timers = [setInterval(tick, tickMs), setInterval(report, reportMs)];
    return async () => {
      timers.forEach(clearInterval);
      await Promise.all(underWay);
      report();
    };
  },
});
