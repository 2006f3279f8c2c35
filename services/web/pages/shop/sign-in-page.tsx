import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { type Answer, request } from '../shared/api.ts';
import { Field } from '../shared/components.tsx';
import { failureOf } from '../shared/failure.ts';
import { navigate, query } from '../shared/router.ts';
import { signIn } from '../shared/session.ts';

type FieldErrors = readonly { readonly field: string; readonly message: string }[];

/** Only a page of the shop or the console: the address comes from a link. */
const nextPage = (): string => {
  const next = query.value.get('next') ?? '/';
  return /^\/(?:shop|console)(?:[/?]|$)/.test(next) ? next : '/';
};

export const SignInPage = (): JSX.Element => (
  <AccountForm
    title="Sign in"
    send={(form) => signIn({ email: textIn(form, 'email'), password: textIn(form, 'password') })}
    hint={
      <p>
        <a href={`/shop/register?next=${encodeURIComponent(nextPage())}`}>Register</a> ·{' '}
        <a href="/reset-password">Forgotten password</a>
      </p>
    }
    fields={['email', 'current-password']}
  />
);

export const RegisterPage = (): JSX.Element => (
  <AccountForm
    title="Register"
    send={async (form) => {
      const credentials = { email: textIn(form, 'email'), password: textIn(form, 'password') };
      const answer = await request('/api/users', {
        method: 'POST',
        body: { ...credentials, name: textIn(form, 'name') },
      });
      return answer.kind === 'ok' ? signIn(credentials) : answer;
    }}
    hint={
      <p>
        You have an account? <a href={`/shop/sign-in?next=${encodeURIComponent(nextPage())}`}>Sign in</a>
      </p>
    }
    fields={['name', 'email', 'new-password']}
  />
);

const textIn = (form: FormData, name: string): string => String(form.get(name) ?? '');

interface AccountFormProps {
  readonly title: string;
  readonly fields: readonly ('name' | 'email' | 'current-password' | 'new-password')[];
  readonly send: (form: FormData) => Promise<Answer<unknown>>;
  readonly hint: JSX.Element;
}

const AccountForm = ({ title, fields, send, hint }: AccountFormProps): JSX.Element => {
  const errors = useSignal<FieldErrors>([]);
  const message = useSignal('');
  const isSending = useSignal(false);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    isSending.value = true;
    const answer = await send(new FormData(event.currentTarget));
    isSending.value = false;
    if (answer.kind === 'ok') return navigate(nextPage());
    errors.value = answer.kind === 'problem' ? answer.problem.errors : [];
    message.value = failureOf(answer);
  };

  return (
    <form class="narrow card" onSubmit={(event) => void submit(event)}>
      <h1>{title}</h1>
      {message.value === '' ? null : (
        <p class="notice bad" role="alert">
          {message.value}
        </p>
      )}
      {fields.map((field) =>
        field === 'name' ? (
          <Field
            key={field}
            label="Name"
            name="name"
            errors={errors.value}
            input={{ required: true, autocomplete: 'name' }}
          />
        ) : field === 'email' ? (
          <Field
            key={field}
            label="Address"
            name="email"
            errors={errors.value}
            input={{ type: 'email', required: true, autocomplete: 'username' }}
          />
        ) : (
          <Field
            key={field}
            label="Password"
            name="password"
            errors={errors.value}
            input={{ type: 'password', required: true, autocomplete: field }}
          />
        ),
      )}
      <button type="submit" class="primary" disabled={isSending.value}>
        {title}
      </button>
      {hint}
    </form>
  );
};
