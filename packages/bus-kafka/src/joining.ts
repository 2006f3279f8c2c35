import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors, type Consumer } from '@emporium/bus';
import type { Connection } from './connection.ts';
import type { GroupConsumer } from './consumer.ts';

/**
 * Resolves when partitions are assigned. A group with an instance that has just died waits for its session to end first; only a
 * broker that stays away ends the wait, with `bus.broker_away`.
 */
export const whenJoined = async (
  { config, health, isClosed }: Connection,
  { joined }: GroupConsumer,
  consumer: Consumer,
): Promise<void> => {
  let upAt = Date.now();
  const latest = Date.now() + config.timeoutMs + 3 * config.sessionTimeoutMs;
  while (!joined()) {
    const { state, ...status } = health.status();
    if (state === 'up') upAt = Date.now();
    if (isClosed() || Date.now() - upAt > config.timeoutMs || Date.now() > latest) {
      await consumer.stop({ timeoutMs: 0 });
      throw isClosed() ? busErrors.closed() : busErrors.broker_away({ broker: 'kafka', ...status });
    }
    await sleep(10);
  }
};
