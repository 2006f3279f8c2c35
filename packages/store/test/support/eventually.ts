import { expect } from 'vitest';

/** Asked again and again, for longer than a busy machine takes. */
export const eventually = <T>(probe: () => T) => expect.poll(probe, { timeout: 30_000, interval: 10 });
