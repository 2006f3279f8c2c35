export { createDatabase, freshDatabase, type Role } from '@emporium/databases';
export { images } from './containers/containers.ts';
export { type KafkaOptions, type KafkaServer, startKafka } from './kafka/kafka.ts';
export { type OpensearchServer, opensearchMissing, startOpensearch } from './opensearch/opensearch.ts';
export { type PostgresOptions, type PostgresServer, startPostgres } from './postgres/postgres.ts';
export { freePort } from './process/free-port.ts';
export { memoryOf } from './process/memory.ts';
export { endProcess } from './process/other-process.ts';
export { createProcessGuard, type ProcessGuard } from './process/process-guard.ts';
export { whileStopped } from './process/stopped.ts';
export { type RabbitmqOptions, type RabbitmqServer, startRabbitmq } from './rabbitmq/rabbitmq.ts';
export { type RedisOptions, type RedisServer, startRedis } from './redis/redis.ts';
export {
  type Availability,
  canStart,
  type OwnServerForSuite,
  ownServerFor,
  type ServerForSuite,
  serverFor,
} from './server-for.ts';
export type { OwnServer, ServerKind } from './server-kind.ts';
