import { afterEach, describe, expect, test, vi } from 'vitest';
import { onSignedOut, request } from './api.ts';
import { failureOf } from './failure.ts';

afterEach(() => void vi.unstubAllGlobals());

const answer = (status: number, body: string, headers: Record<string, string> = {}): void =>
  void vi.stubGlobal('fetch', async () => new Response(body, { status, headers }));
const problem = (detail: string): string => JSON.stringify({ type: 'urn:problem:any', detail });

describe('an answer of the API', () => {
  test.each([
    [403, problem('Not yours.'), {}, 'Not yours.'],
    [409, problem('It was replayed before.'), {}, 'It was replayed before.'],
    [429, problem('Too many.'), { 'retry-after': '7' }, 'Too many. Try again in 7 seconds.'],
    [429, '<h1>Slow down</h1>', {}, 'The shop answered 429.'],
    [503, problem('The service is away.'), {}, 'The service is away.'],
    [503, '<h1>Bad gateway</h1>', {}, 'The shop does not answer; try again.'],
    [200, '<p>hello</p>', {}, 'The shop does not answer; try again.'],
    [500, '{"detail":', {}, 'The shop does not answer; try again.'],
    [400, '[1, 2]', {}, 'The shop answered 400.'],
    [200, '{}', {}, ''],
    [202, '', {}, ''],
  ])('%i with %j is told to people', async (status, body, headers, text) => {
    answer(status, body, headers);
    expect(failureOf(await request('/api/anything'))).toBe(text);
  });

  test('that does not come is told to people', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    expect(failureOf(await request('/api/anything'))).toBe('The shop does not answer; try again.');
  });

  test.each([problem('Log in.'), '<h1>Log in</h1>'])('401 with %j ends the session', async (body) => {
    const ended = vi.fn();
    onSignedOut(ended);
    answer(401, body);
    await request('/api/anything');
    expect(ended).toHaveBeenCalledOnce();
  });
});
