import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Ago, Shown } from '../shared/components.tsx';
import { useResource } from '../shared/resource.ts';
import { navigate } from '../shared/router.ts';
import { session, signOut } from '../shared/session.ts';

interface Ledger {
  readonly points: number;
  readonly entries: readonly { readonly at: string; readonly points: number; readonly orderId: string }[];
}

export const AccountPage = (): JSX.Element => {
  const { state, reload } = useResource<Ledger>('/api/loyalty/me', 10_000);
  const current = session.value;
  const failure = useSignal('');
  const leave = async (): Promise<void> => {
    failure.value = await signOut();
    if (failure.value === '') navigate('/');
  };
  return (
    <>
      <h1>My account</h1>
      {current.kind === 'signed-in' ? (
        <p>
          <bdi>{current.user.name}</bdi> <span class="soft">({current.user.email})</span>
        </p>
      ) : null}
      <Shown of={state.value} what="your points" retry={reload}>
        {({ points, entries }) => (
          <>
            <p>
              You have <strong>{points}</strong> points.
            </p>
            <ul class="plain-list">
              {entries.map((entry) => (
                <li key={`${entry.orderId}${entry.at}${entry.points}`}>
                  {entry.points > 0 ? '+' : ''}
                  {entry.points} for{' '}
                  <a href={`/shop/orders/${entry.orderId}`}>order {entry.orderId.slice(-8)}</a>{' '}
                  <span class="soft small">
                    <Ago at={entry.at} />
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </Shown>
      <button type="button" onClick={() => void leave()}>
        Sign out
      </button>
      <p role="alert">{failure.value}</p>
    </>
  );
};
