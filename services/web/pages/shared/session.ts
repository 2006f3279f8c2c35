import { signal } from '@preact/signals';
import { type Answer, onSignedOut, request } from './api.ts';
import { failureOf } from './failure.ts';

export interface User {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly role: 'customer' | 'administrator';
}

export type Session =
  /** `isAway`: the shop did not say yet who it is, and is asked again. */
  | { readonly kind: 'unknown'; readonly isAway?: true }
  /** `hasEnded`: somebody was signed in on this page until the session ended. */
  | { readonly kind: 'signed-out'; readonly hasEnded?: true }
  | { readonly kind: 'signed-in'; readonly user: User };

/** Who is signed in. The token itself is in a cookie that scripts cannot read. */
export const session = signal<Session>({ kind: 'unknown' });

onSignedOut(() => {
  if (session.peek().kind === 'signed-in') session.value = { kind: 'signed-out', hasEnded: true };
});

const askAgainMs = 2_000;

/** Asks who is signed in until the shop says so: nobody is signed out because a service is away. */
export const loadSession = async (): Promise<void> => {
  while (session.peek().kind === 'unknown') {
    const answer = await request<User | undefined>('/api/users/me');
    if (session.peek().kind !== 'unknown') return;
    if (answer.kind === 'ok' && answer.body?.role !== undefined)
      session.value = { kind: 'signed-in', user: answer.body };
    else if (answer.kind === 'problem' && [401, 403, 404].includes(answer.problem.status))
      session.value = { kind: 'signed-out' };
    else {
      session.value = { kind: 'unknown', isAway: true };
      await new Promise((resolve) => setTimeout(resolve, askAgainMs));
    }
  }
};

export const signIn = async (credentials: {
  email: string;
  password: string;
}): Promise<Answer<{ user: User }>> => {
  const answer = await request<{ user: User }>('/session', { method: 'POST', body: credentials });
  if (answer.kind === 'ok') session.value = { kind: 'signed-in', user: answer.body.user };
  return answer;
};

/** Returns why it failed: the cookie is still there then, and the session goes on. */
export const signOut = async (): Promise<string> => {
  const answer = await request('/session', { method: 'DELETE' });
  const isOver = answer.kind === 'ok' || (answer.kind === 'problem' && answer.problem.status === 401);
  if (isOver) session.value = { kind: 'signed-out' };
  return isOver ? '' : failureOf(answer);
};
