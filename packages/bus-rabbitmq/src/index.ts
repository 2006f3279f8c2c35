export { type AccessOptions, type AccessReport, applyAccess, type QueueLimits } from './access.ts';
export type { RabbitmqOptions } from './config.ts';
export { type Privileges, privilegesOf } from './privileges.ts';
export { applyMailboxAccess, type MailboxAccessOptions } from './third-parties/mailbox-access.ts';
export { applyMqttAccess, type MqttAccessOptions } from './third-parties/mqtt-access.ts';
export { applyThirdPartyAccess, type ThirdPartyAccessOptions } from './third-parties/third-party-access.ts';
export type { BrokerUser, VirtualHostOptions } from './third-parties/virtual-host.ts';
export { createRabbitmqTransport } from './transport.ts';
