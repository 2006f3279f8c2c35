export type { PostgresOptions } from './config.ts';
export { createPostgresTransport } from './transport.ts';
