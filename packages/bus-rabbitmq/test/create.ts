// Loaded by the conformance suite and by its child processes.
import type { Transport } from '@emporium/bus';
import { createRabbitmqTransport } from '../src/index.ts';

export const create = (url: string): Transport => createRabbitmqTransport({ url, timeoutMs: 2_000 });
