export { type AccessOptions, type AccessReport, applyAccess, type QueueLimits } from './access/access.ts';
export { type Privileges, privilegesOf } from './access/privileges.ts';
export type { RabbitmqOptions } from './config.ts';
export { createRabbitmqTransport } from './transport.ts';
