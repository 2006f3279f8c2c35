// Started by a test as a process of its own, as vitest starts its workers.
import { serverFor } from '../src/index.ts';

process.send?.((await serverFor('postgres')).url);
process.disconnect();
