import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Field } from '../../shared/components.tsx';
import { failureOf } from '../../shared/failure.ts';
import { navigate, path, query } from '../../shared/router.ts';
import { session, signIn, signOut } from '../../shared/session.ts';

/** Only a page of the console: the address comes from a link. */
const nextPage = (): string => {
  const next = query.value.get('next') ?? '/console';
  return /^\/console(?:[/?]|$)/.test(next) ? next : '/console';
};

export const SignInPage = (): JSX.Element => {
  const message = useSignal('');
  const isSending = useSignal(false);
  const current = session.value;

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const form = new FormData(event.currentTarget);
    isSending.value = true;
    const answer = await signIn({
      email: String(form.get('email') ?? ''),
      password: String(form.get('password') ?? ''),
    });
    isSending.value = false;
    // Another address shows the form in the place of its page, and now shows the page.
    if (answer.kind === 'ok') return path.peek() === '/console/sign-in' ? navigate(nextPage()) : undefined;
    message.value = failureOf(answer);
  };

  if (current.kind === 'signed-in' && current.user.role !== 'administrator')
    return (
      <section class="card narrow">
        <h1>For administrators</h1>
        <p>
          You are signed in as <bdi>{current.user.name}</bdi>, a customer. The console is for administrators.
        </p>
        <button type="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </section>
    );
  return (
    <form class="card narrow" onSubmit={(event) => void submit(event)}>
      <h1>Sign in to the console</h1>
      {current.kind === 'signed-out' && current.hasEnded ? (
        <p class="notice info" role="status">
          Your session has ended. Sign in, and go on where you were.
        </p>
      ) : null}
      {message.value === '' ? null : (
        <p class="notice bad" role="alert">
          {message.value}
        </p>
      )}
      <Field
        label="Address"
        name="email"
        errors={[]}
        input={{ type: 'email', required: true, autocomplete: 'username' }}
      />
      <Field
        label="Password"
        name="password"
        errors={[]}
        input={{ type: 'password', required: true, autocomplete: 'current-password' }}
      />
      <button type="submit" class="primary" disabled={isSending.value}>
        Sign in
      </button>
    </form>
  );
};
