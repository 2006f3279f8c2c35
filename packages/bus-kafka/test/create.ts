import type { CreateTransport } from '@emporium/bus-testing';
import { createKafkaTransport } from '../src/index.ts';

/** The transport under test. It waits less long than by default, for a broker that is away and for an instance that died, so that tests do too. */
export const create: CreateTransport = (url) =>
  createKafkaTransport({ url, timeoutMs: 2_000, sessionTimeoutMs: 6_000 });
