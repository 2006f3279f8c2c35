import { correlationOf, type HttpRequest } from '@emporium/service';
import { z } from 'zod';
import { requestHeaders } from '../headers.ts';
import type { Upstream } from '../upstream.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export type SignIn =
  | { readonly kind: 'signed-in'; readonly token: string; readonly expiresAt: Date }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string };

const session = z.object({
  token: z.string(),
  expiresAt: z.coerce.date(),
  user: z.object({ role: z.string() }),
});
const refusal = z.object({ detail: z.string() });

/** Signs in at user-registration; only administrators get a session. */
export const signIn = async (
  request: HttpRequest,
  credentials: Credentials,
  accounts: Upstream,
): Promise<SignIn> => {
  const { status, body } = await accounts.request({
    method: 'POST',
    path: '/api/sessions',
    headers: { ...requestHeaders(request, correlationOf(request)), 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(credentials)),
    signal: new AbortController().signal,
  });
  const bytes = Buffer.isBuffer(body) ? body : Buffer.concat(await body.toArray());
  const parsed: unknown = JSON.parse(bytes.toString());
  if (status !== 201) return { kind: 'refused', status, reason: refusal.parse(parsed).detail };
  const { token, expiresAt, user } = session.parse(parsed);
  if (user.role === 'administrator') return { kind: 'signed-in', token, expiresAt };
  return { kind: 'refused', status: 403, reason: 'This page is for administrators.' };
};
