import { messageOf } from '@emporium/bus';
import type { TransportStatus } from '@emporium/bus/transport';

/** Whether the broker answered the last request. */
export interface Health {
  up(): void;
  away(error: unknown): void;
  status(): TransportStatus;
}

export const createHealth = (): Health => {
  let status: TransportStatus = { state: 'away', reason: 'connecting' };
  return {
    up: () => {
      if (status.state !== 'up') status = { state: 'up' };
    },
    away: (error) => {
      status = { state: 'away', reason: messageOf(error) };
    },
    status: () => status,
  };
};

/** Whether the connection failed and not the request: it may succeed later. */
export const isAway = (error: unknown): boolean => {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (awayNames.has(one.name)) return true;
    if ('type' in one && awayTypes.has(String(one.type))) return true;
  }
  return false;
};

/** kafkajs's own errors, by name, and ours. */
const awayNames: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'NoAnswer',
]);

/** Protocol errors of a broker that starts, stops, or gives a partition to another one. */
const awayTypes: ReadonlySet<string> = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'KAFKA_STORAGE_ERROR',
]);

/** The protocol's name of an error or of its cause: `UNKNOWN_TOPIC_OR_PARTITION`. */
export const typeOfError = (error: unknown): string | undefined => {
  for (let one = error; one instanceof Error; one = one.cause) {
    if ('type' in one && typeof one.type === 'string') return one.type;
  }
  return undefined;
};
