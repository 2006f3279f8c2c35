import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors, type Consumer } from '@emporium/bus';
import type { Connection } from '../connection.ts';
import type { GroupConsumer } from './group-consumer.ts';

/**
 * Resolves when partitions are assigned. If an instance of the group has just died, that takes until its session ends. Stops the
 * consumer and throws `bus.broker_away` when the broker stays away, `bus.closed` when the transport was closed.
 */
export const waitForAssignment = async (
  { config, health, isClosed }: Connection,
  { isAssigned }: GroupConsumer,
  consumer: Consumer,
): Promise<void> => {
  let upAt = Date.now();
  const latest = Date.now() + config.timeoutMs + 3 * config.sessionTimeoutMs;
  while (!isAssigned()) {
    const { state, ...status } = health.status();
    if (state === 'up') upAt = Date.now();
    if (isClosed() || Date.now() - upAt > config.timeoutMs || Date.now() > latest) {
      await consumer.stop({ timeoutMs: 0 });
      throw isClosed() ? busErrors.closed() : busErrors.broker_away({ broker: 'kafka', ...status });
    }
    await sleep(10);
  }
};
