import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useErrorBoundary, useRef, useState } from 'preact/hooks';
import type { ProblemDocument } from './api.ts';
import { failureOf } from './failure.ts';
import { formatAgo, formatExact } from './format.ts';
import type { Resource } from './resource.ts';
import { shopClock } from './shop-clock.ts';

interface ShownProps<T> {
  readonly of: Resource<T>;
  readonly children: (value: T) => ComponentChildren;
  /** What is read, for the messages: `the products`. */
  readonly what: string;
  readonly retry?: () => void;
}

/** What a page shows while something is loading, cannot be had, or is there. */
export const Shown = <T,>({ of, children, what, retry }: ShownProps<T>): JSX.Element => {
  switch (of.kind) {
    case 'loading':
      return (
        <p class="soft" role="status" aria-busy="true">
          Loading {what} …
        </p>
      );
    case 'away':
      return <Away what={what} retry={retry} />;
    case 'problem':
      return <Problem problem={of.problem} what={what} retry={retry} />;
    case 'ready':
      return (
        <>
          {of.stale === undefined ? null : (
            <p class="notice warn" role="status">
              This is how it was at {formatExact(of.at)}: {of.stale}
            </p>
          )}
          <Guarded value={of.value} failed={<Away what={what} retry={retry} />}>
            {children}
          </Guarded>
        </>
      );
  }
};

interface GuardedProps<T> {
  readonly value: T;
  readonly failed: JSX.Element;
  readonly children: (value: T) => ComponentChildren;
}

/** Shows `failed` for a value that is not what was expected, until there is another value. */
const Guarded = <T,>({ value, failed, children }: GuardedProps<T>): JSX.Element => {
  const unreadable = useRef<T | undefined>(undefined);
  useErrorBoundary((error) => {
    console.error(error);
    unreadable.current = value;
  });
  return unreadable.current === value ? failed : <Content value={value}>{children}</Content>;
};

const Content = <T,>({ value, children }: Omit<GuardedProps<T>, 'failed'>): JSX.Element => (
  <>{children(value)}</>
);

interface FailureProps {
  readonly what: string;
  readonly retry?: (() => void) | undefined;
}

const Away = ({ what, retry }: FailureProps): JSX.Element => (
  <div class="notice bad" role="alert">
    <p>The shop does not answer, so {what} cannot be shown.</p>
    <Retry retry={retry} />
  </div>
);

const Problem = ({
  problem,
  what,
  retry,
}: FailureProps & { readonly problem: ProblemDocument }): JSX.Element => {
  if (problem.status === 401)
    return (
      <div class="notice info">
        <p>
          Sign in to see {what}: <a href={signInAddress()}>sign in</a>.
        </p>
      </div>
    );
  if (problem.status === 403 && isConsole())
    return (
      <div class="notice warn" role="alert">
        <p>{upper(what)} can only be seen by administrators.</p>
      </div>
    );
  return (
    <div class="notice bad" role="alert">
      <p dir="auto">{failureOf({ kind: 'problem', problem })}</p>
      {problem.correlationId === undefined ? null : (
        <p class="small">
          Correlation id <code>{problem.correlationId}</code>
        </p>
      )}
      {problem.status >= 500 || problem.status === 429 ? <Retry retry={retry} /> : null}
    </div>
  );
};

const Retry = ({ retry }: { readonly retry?: (() => void) | undefined }): JSX.Element | null =>
  retry === undefined ? null : (
    <button type="button" onClick={retry}>
      Try again
    </button>
  );

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const isConsole = (): boolean => location.pathname.startsWith('/console');

/** Where to sign in, and to come back to this page. */
const signInAddress = (): string => {
  const base = isConsole() ? '/console/sign-in' : '/shop/sign-in';
  return `${base}?next=${encodeURIComponent(location.pathname + location.search)}`;
};

/** A relative time that stays true, by the clock of the shop, with the exact one in its title. */
export const Ago = ({ at }: { readonly at: string }): JSX.Element => {
  const [, renderAgain] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => renderAgain(shopClock.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  const then = new Date(at);
  return (
    <time dateTime={at} title={formatExact(then)}>
      {formatAgo(then, new Date(shopClock.now()))}
    </time>
  );
};

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly errors: readonly { readonly field: string; readonly message: string }[];
  readonly children?: never;
  readonly input?: JSX.IntrinsicElements['input'];
}

/** A labelled input, with what the shop said is wrong with it. */
export const Field = ({ label, name, errors, input = {} }: FieldProps): JSX.Element => {
  const error = errors.find(({ field }) => field === name);
  const described = `${name}-error`;
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        {...input}
        id={name}
        name={name}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : described}
      />
      {error === undefined ? null : (
        <p class="field-error" id={described}>
          {label} {error.message}
        </p>
      )}
    </div>
  );
};
