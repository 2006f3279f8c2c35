export {
  createDatabase,
  createDatabase,
  freshDatabase,
  freshDatabase,
  type Role,
  type Role,
} from '@emporium/databases';
export { commandOf, endForeign } from './foreign-process.ts';
export { freePort } from './free-port.ts';
export { memoryOf } from './memory.ts';
export { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.ts';
export { type RabbitmqOptions, type RabbitmqServer, startRabbitmq } from './rabbitmq.ts';
export { canStart, type ServerForSuite, type ServerKind, serverFor } from './server-for.ts';
