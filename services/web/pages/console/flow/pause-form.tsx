import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { request } from '../../shared/api.ts';
import { Ago } from '../../shared/components.tsx';
import type { Lane } from './flow-graph.ts';

interface PauseFormProps {
  readonly lane: Lane;
  readonly done: () => void;
}

/** Pauses or resumes a subscription, with the reason, which is recorded. */
export const PauseForm = ({ lane, done }: PauseFormProps): JSX.Element => {
  const reason = useSignal('');
  const message = useSignal('');
  const { subscription, state, pausable, since } = lane;
  if (!pausable)
    return <p class="soft small">It cannot be paused: through it the service learns what is paused.</p>;
  const isPaused = state === 'paused';
  const change = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const text = reason.value.trim();
    const answer = await request(
      `/api/admin/subscriptions/${encodeURIComponent(subscription)}/${isPaused ? 'resume' : 'pause'}`,
      { method: 'POST', body: text === '' ? {} : { reason: text } },
    );
    message.value =
      answer.kind === 'ok'
        ? `${subscription} is ${isPaused ? 'resumed' : 'paused'}.`
        : answer.kind === 'away'
          ? 'The shop does not answer; try again.'
          : answer.problem.detail;
    if (answer.kind === 'ok') reason.value = '';
    done();
  };
  const id = `reason-${subscription}`;
  return (
    <form class="flow-pause" onSubmit={(event) => void change(event)}>
      {isPaused && since !== undefined ? (
        <p class="notice warn">
          Paused <Ago at={since} />
          {lane.reason === undefined ? '' : ': '}
          <q dir="auto">{lane.reason}</q>
        </p>
      ) : null}
      <label for={id}>Why {isPaused ? '(may be left out)' : ''}</label>
      <input
        id={id}
        value={reason.value}
        maxLength={500}
        required={!isPaused}
        onInput={({ currentTarget }) => {
          reason.value = currentTarget.value;
        }}
      />
      <button type="submit">
        {isPaused ? 'Resume' : 'Pause'} {subscription}
      </button>
      <p class="small" role="status">
        {message.value}
      </p>
    </form>
  );
};
