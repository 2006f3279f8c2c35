import { createStreamMessage, type Transport } from '@emporium/bus';
import { sensorData } from '@emporium/contracts';
import type { LifecycleStage, Log } from '@emporium/service';
import type { DeliveryCounter } from './delivery-counter.ts';
import type { Reading } from './domain/fleet.ts';
import type { Simulation } from './simulation.ts';

interface PublisherOptions {
  readonly transport: Pick<Transport, 'publish'>;
  readonly simulation: Simulation;
  readonly counter: DeliveryCounter;
  readonly log: Log;
}

/** The readings of a tick are published together, so that consumers can handle them in one transaction. */
const tickMs = 250;
const reportMs = 10_000;
/** The maximum of readings per call of `publish`. */
const maxBatch = 500;
/** The maximum of concurrent calls. Enough for the highest rate after the longest gap. */
const maxInFlight = 100;

/** Publishes the readings of the sensors, and logs the number of each outcome every ten seconds. */
export const publisher = ({ transport, simulation, counter, log }: PublisherOptions): LifecycleStage => ({
  name: 'sensors',
  start: () => {
    const inFlight = new Set<Promise<void>>();

    const publish = async (readings: readonly Reading[]): Promise<void> => {
      const messages = readings.map((reading) => createStreamMessage(sensorData, reading));
      counter.count(await transport.publish(messages));
    };

    const tick = (): void => {
      const readings = simulation.read(new Date());
      for (let from = 0; from < readings.length; from += maxBatch) {
        const batch = readings.slice(from, from + maxBatch);
        if (inFlight.size >= maxInFlight) {
          counter.skip(batch.length);
          continue;
        }
        const sent = publish(batch).finally(() => inFlight.delete(sent));
        inFlight.add(sent);
      }
    };

    let before = counter.read();
    const report = (): void => {
      const now = counter.read();
      const counts = {
        delivered: now.delivered - before.delivered,
        failed: now.failed - before.failed,
        skipped: now.skipped - before.skipped,
      };
      if (counts.failed + counts.skipped > 0)
        log.warn({ ...counts, reason: now.lastFailure?.reason }, 'readings were lost');
      else log.info(counts, 'readings');
      before = now;
    };

    const timers = [setInterval(tick, tickMs), setInterval(report, reportMs)];
    return async () => {
      timers.forEach(clearInterval);
      await Promise.all(inFlight);
      report();
    };
  },
});
