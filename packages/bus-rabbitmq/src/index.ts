export { type AccessOptions, type AccessReport, applyAccess, type QueueLimits } from './access.ts';
export type { RabbitmqOptions } from './config.ts';
export { type Privileges, privilegesOf } from './privileges.ts';
export {
  applyThirdPartyAccess,
  type BrokerUser,
  type ThirdPartyAccessOptions,
} from './third-party-access.ts';
export { createRabbitmqTransport } from './transport.ts';
