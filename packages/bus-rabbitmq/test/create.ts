import type { CreateTransport } from '@emporium/bus-testing';
import { createRabbitmqTransport } from '../src/index.ts';

/** The transport under test. It waits for a broker that is away less long than by default, so that tests do too. */
export const create: CreateTransport = (url) => createRabbitmqTransport({ url, timeoutMs: 2_000 });
