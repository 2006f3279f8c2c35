import { type Problem, problem } from '@emporium/service';

export const tooManyRequests = (code: string, detail: string, retryAfterMs: number): Problem =>
  problem(429, code, detail, { headers: { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) } });

export const tooBusy = (): Problem =>
  problem(503, 'busy', 'Too many passwords are being hashed right now; try again shortly.', {
    headers: { 'retry-after': '2' },
  });
