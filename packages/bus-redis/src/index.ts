export type { RedisOptions } from './config.ts';
export { createRedisTransport } from './transport.ts';
