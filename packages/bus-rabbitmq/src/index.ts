export type { RabbitmqOptions } from './config.ts';
export { createRabbitmqTransport } from './transport.ts';
