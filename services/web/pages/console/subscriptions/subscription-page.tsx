import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { request } from '../../shared/api.ts';
import { Ago, Shown } from '../../shared/components.tsx';
import { failureOf } from '../../shared/failure.ts';
import { formatDuration } from '../../shared/format.ts';
import { useResource } from '../../shared/resource.ts';
import { Person } from '../people/person.tsx';
import './subscriptions.css';
import type { Queues, Subscription } from './subscription.ts';
import { WhoDidIt } from './who-did-it.tsx';

export const SubscriptionPage = ({ name }: { readonly name: string }): JSX.Element => {
  const path = `/api/admin/subscriptions/${encodeURIComponent(name)}`;
  const { state, reload } = useResource<Subscription>(path, 3_000);
  const { state: queues, reload: reloadQueues } = useResource<Queues>('/api/admin/queues', 3_000);
  return (
    <>
      <h1>{name}</h1>
      <Shown of={state.value} what="the subscription" retry={reload}>
        {(subscription) => (
          <>
            <Facts subscription={subscription} />
            <Shown of={queues.value} what="its queue" retry={reloadQueues}>
              {(value) => <Queue name={name} queues={value} />}
            </Shown>
            <PauseForm subscription={subscription} path={path} done={reload} />
            <WhoDidIt target={name} key={`${subscription.since}`} />
          </>
        )}
      </Shown>
    </>
  );
};

const Facts = ({
  subscription: { service, ordered, contracts, state, since, by, reason },
}: {
  readonly subscription: Subscription;
}): JSX.Element => (
  <>
    <p>
      <span class={`badge ${state === 'paused' ? 'warn' : 'good'}`}>{state}</span> of {service},{' '}
      {ordered ? 'in order for each key' : 'in any order'}
      {since === undefined ? null : (
        <>
          ; {state === 'paused' ? 'paused' : 'resumed'} <Ago at={since} /> by{' '}
          {by === undefined ? 'somebody' : <Person id={by} />}{' '}
          {reason === undefined ? null : <q dir="auto">{reason}</q>}
        </>
      )}
    </p>
    <p>
      Listens to{' '}
      {contracts.map((each, index) => (
        <span key={each}>
          {index === 0 ? '' : ', '}
          <code>{each}</code>
        </span>
      ))}
      .
    </p>
  </>
);

const Queue = ({ name, queues }: { readonly name: string; readonly queues: Queues }): JSX.Element => {
  const queue = queues.queues.find(({ subscription }) => subscription === name);
  if (queue === undefined) return <p class="soft">Its broker does not tell what waits for it.</p>;
  const { waiting, unacked, oldestAgeSeconds, broker } = queue;
  return (
    <p>
      <strong>{waiting}</strong> waiting on {broker}
      {unacked === undefined ? '' : `, ${unacked} delivered and not settled`}
      {oldestAgeSeconds === undefined ? '' : `, the oldest for ${formatDuration(oldestAgeSeconds * 1_000)}`}
    </p>
  );
};

interface PauseFormProps {
  readonly subscription: Subscription;
  readonly path: string;
  readonly done: () => void;
}

const PauseForm = ({ subscription: { state, pausable }, path, done }: PauseFormProps): JSX.Element => {
  const reason = useSignal('');
  const failure = useSignal('');
  if (!pausable)
    return (
      <p class="soft">It cannot be paused: through it the service learns what was paused and resumed.</p>
    );
  const action = state === 'paused' ? 'resume' : 'pause';
  const change = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const why = reason.value.trim();
    const body = why === '' ? undefined : { reason: why };
    const answer = await request(`${path}/${action}`, { method: 'POST', body });
    failure.value = failureOf(answer);
    if (answer.kind === 'ok') reason.value = '';
    done();
  };
  return (
    <form class="pause" onSubmit={(event) => void change(event)}>
      <h2>{action === 'pause' ? 'Pause' : 'Resume'}</h2>
      <p class="soft small">
        {action === 'pause'
          ? 'All instances of its service stop handling its messages, which the broker keeps. Deadlines of sagas go on.'
          : 'What waits is handled once, in its order.'}
      </p>
      <div class="field">
        <label for="reason">Why{action === 'pause' ? '' : ' (optional)'}</label>
        <input
          id="reason"
          maxLength={500}
          required={action === 'pause'}
          value={reason.value}
          onInput={({ currentTarget }) => {
            reason.value = currentTarget.value;
          }}
        />
      </div>
      <button type="submit" class={action === 'pause' ? 'danger' : 'primary'}>
        {action === 'pause' ? 'Pause' : 'Resume'}
      </button>
      <p role="alert">{failure.value}</p>
    </form>
  );
};
