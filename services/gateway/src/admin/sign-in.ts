import { correlationOf, type HttpRequest } from '@emporium/service';
import { z } from 'zod';
import { requestHeaders } from '../headers.ts';
import type { Upstream } from '../upstream.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export type SignIn =
  | {
      readonly kind: 'signed-in';
      readonly token: string;
      readonly expiresAt: Date;
      readonly user: z.output<typeof account>;
    }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string };

/** Who has signed in, as user-registration says. */
export const account = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.string(),
});

const session = z.object({ token: z.string(), expiresAt: z.coerce.date(), user: account });
const refusal = z.object({ detail: z.string() });

/** Signs in at user-registration. */
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
  return { kind: 'signed-in', ...session.parse(parsed) };
};
