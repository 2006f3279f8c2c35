export { createDatabase, freshDatabase, type Role } from '@emporium/databases';
export { images } from './containers.ts';
export { type EndOptions, endForeign } from './foreign-process.ts';
export { freePort } from './free-port.ts';
export { createGuard, type Guard } from './guard.ts';
export { type KafkaOptions, type KafkaServer, startKafka } from './kafka.ts';
export { memoryOf } from './memory.ts';
export { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.ts';
export { type RabbitmqOptions, type RabbitmqServer, startRabbitmq } from './rabbitmq.ts';
export { type RedisOptions, type RedisServer, startRedis } from './redis.ts';
export {
  type Availability,
  canStart,
  type OwnServerForSuite,
  ownServerFor,
  type ServerForSuite,
  serverFor,
} from './server-for.ts';
export type { OwnServer, ServerKind } from './server-kind.ts';
export { whileStopped } from './stopped.ts';
