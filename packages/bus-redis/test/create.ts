import type { CreateTransport } from '@emporium/bus-testing';
import { createRedisTransport } from '../src/index.ts';

/** The transport under test. It waits for a broker that is away less long than by default, so that tests do too. */
export const create: CreateTransport = (url) => createRedisTransport({ url, timeoutMs: 2_000 });
