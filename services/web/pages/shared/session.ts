import { signal } from '@preact/signals';
import { type Answer, onSignedOut, request } from './api.ts';

export interface User {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly role: 'customer' | 'administrator';
}

export type Session =
  | { readonly kind: 'unknown' }
  /** `hasEnded`: somebody was signed in on this page until the session ended. */
  | { readonly kind: 'signed-out'; readonly hasEnded?: true }
  | { readonly kind: 'signed-in'; readonly user: User };

/** Who is signed in. The token itself is in a cookie that scripts cannot read. */
export const session = signal<Session>({ kind: 'unknown' });

onSignedOut(() => {
  if (session.peek().kind === 'signed-in') session.value = { kind: 'signed-out', hasEnded: true };
});

export const loadSession = async (): Promise<void> => {
  const answer = await request<User>('/api/users/me');
  session.value = answer.kind === 'ok' ? { kind: 'signed-in', user: answer.body } : { kind: 'signed-out' };
};

export const signIn = async (credentials: {
  email: string;
  password: string;
}): Promise<Answer<{ user: User }>> => {
  const answer = await request<{ user: User }>('/session', { method: 'POST', body: credentials });
  if (answer.kind === 'ok') session.value = { kind: 'signed-in', user: answer.body.user };
  return answer;
};

export const signOut = async (): Promise<void> => {
  await request('/session', { method: 'DELETE' });
  session.value = { kind: 'signed-out' };
};
