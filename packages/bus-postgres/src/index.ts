export type { PostgresTransportOptions } from './config.ts';
export { createPostgresTransport } from './transport.ts';
