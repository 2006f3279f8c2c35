import type { CreateTransport } from '@emporium/bus-testing';
import { createMemoryTransport } from '../src/index.ts';

/** The transport under test. */
export const create: CreateTransport = (url) => createMemoryTransport({ url });
