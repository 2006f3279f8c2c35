export type { MemoryOptions } from './config.ts';
export { createMemoryTransport } from './transport.ts';
