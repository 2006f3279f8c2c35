import type { Answer } from '../../shared/api.ts';
import type { CheckContext } from './check.ts';

/** For tests: a shop that answers with these bodies, by the beginning of the address, and nothing else. */
export const madeUp = (begunAt: Date, bodies: Readonly<Record<string, unknown>>): CheckContext => ({
  begunAt,
  get: async <T>(path: string): Promise<Answer<T>> => {
    const found = Object.entries(bodies).find(([beginning]) => path.startsWith(beginning));
    if (found === undefined) return { kind: 'away', reason: `nothing answers ${path}` };
    return { kind: 'ok', body: found[1] as T, headers: new Headers() }; // the test knows the shape
  },
});
