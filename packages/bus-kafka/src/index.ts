export type { KafkaOptions } from './config.ts';
export { createKafkaTransport } from './transport.ts';
