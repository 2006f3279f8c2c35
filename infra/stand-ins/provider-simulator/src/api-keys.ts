import { createHash, timingSafeEqual } from 'node:crypto';
import { bearerTokenOf, type HttpRequest, problem } from '@emporium/service';

/** A hook that requires `Authorization: Bearer <key>`. Without a key it accepts every request. */
export const requireKey = (key: string | undefined) => {
  const expected = key === undefined ? undefined : digest(key);
  return async (request: HttpRequest): Promise<void> => {
    if (expected === undefined) return;
    if (!timingSafeEqual(expected, digest(bearerTokenOf(request)))) {
      throw problem(401, 'invalid-api-key', 'The API key is not valid.');
    }
  };
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
