import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { request } from '../../shared/api.ts';
import { Ago, Shown } from '../../shared/components.tsx';
import { failureOf } from '../../shared/failure.ts';
import { useResource } from '../../shared/resource.ts';
import { Person } from '../people/person.tsx';
import { Deadline } from './deadline.tsx';
import { lookOf, type SagaDetail } from './saga.ts';

export const SagaPage = ({ id }: { readonly id: string }): JSX.Element => {
  const path = `/api/admin/sagas/${encodeURIComponent(id)}`;
  const { state, reload } = useResource<SagaDetail>(path, 2_000);
  return (
    <Shown of={state.value} what="the saga" retry={reload}>
      {(saga) => (
        <>
          <h1>
            {saga.saga} {saga.id.slice(-8)} <span class={`badge ${lookOf(saga.state)}`}>{saga.state}</span>
          </h1>
          <p>
            Started <Ago at={saga.startedAt} />, changed <Ago at={saga.changedAt} />
            {saga.deadline === undefined ? null : (
              <>
                , deadline <Deadline deadline={saga.deadline} />
              </>
            )}
          </p>
          {saga.parked === undefined ? null : (
            <p class="notice bad">
              Parked at {saga.parked.step}: <bdi>{saga.parked.reason}</bdi>
            </p>
          )}
          <Steps saga={saga} />
          <Actions saga={saga} path={path} done={reload} />
          <History saga={saga} />
        </>
      )}
    </Shown>
  );
};

export const Steps = ({
  saga: { steps, compensationOrder, refusal },
}: {
  readonly saga: SagaDetail;
}): JSX.Element => (
  <>
    <h2>Steps</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Attempt
          </th>
        </tr>
      </thead>
      <tbody>
        {steps.map(({ step, status, attempt, byHand }) => (
          <tr key={step}>
            <td>{step}</td>
            <td>
              {status}
              {byHand ? ', by hand' : ''}
            </td>
            <td class="number">{attempt}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {refusal === undefined ? null : (
      <p>
        Last refusal: <bdi>{refusal}</bdi>
      </p>
    )}
    <p class="soft">
      {compensationOrder.length === 0
        ? 'Nothing would be compensated.'
        : `Would be compensated, in this order: ${compensationOrder.join(', ')}.`}
    </p>
  </>
);

interface ActionsProps {
  readonly saga: SagaDetail;
  readonly path: string;
  readonly done: () => void;
}

/** What a person can do, and why not the rest. */
export const Actions = ({ saga: { possible }, path, done }: ActionsProps): JSX.Element | null => {
  const note = useSignal('');
  const message = useSignal('');
  if (possible.length === 0) return null;
  const act = async (action: string, outcome?: string): Promise<void> => {
    const body = { note: note.value.trim(), ...(outcome === undefined ? {} : { outcome }) };
    const answer = await request(`${path}/${action}`, { method: 'POST', body });
    message.value = failureOf(answer);
    if (answer.kind === 'ok') {
      note.value = '';
      done();
    }
  };
  return (
    <section aria-labelledby="repair">
      <h2 id="repair">Repair</h2>
      <label>
        Why
        <input
          value={note.value}
          maxLength={500}
          onInput={({ currentTarget }) => {
            note.value = currentTarget.value;
          }}
        />
      </label>
      <p class="actions">
        {possible.map(({ action, outcome, isPossible, reason }) => (
          <button
            key={`${action}${outcome ?? ''}`}
            type="button"
            disabled={!isPossible || note.value.trim() === ''}
            title={reason}
            onClick={() => void act(action, outcome)}
          >
            {action}
            {outcome === undefined ? '' : `: ${outcome}`}
          </button>
        ))}
      </p>
      {possible.some(({ isPossible }) => isPossible) && note.value.trim() === '' ? (
        <p class="soft small">Say why first: it is recorded.</p>
      ) : null}
      <p role="alert">{message.value}</p>
    </section>
  );
};

const History = ({ saga: { actions } }: { readonly saga: SagaDetail }): JSX.Element | null => {
  if (actions.length === 0) return null;
  return (
    <>
      <h2>Who did it</h2>
      <ul class="plain-list">
        {actions.map(({ action, outcome, by, note, at }) => (
          <li key={at}>
            {action}
            {outcome === undefined ? '' : `: ${outcome}`} by <Person id={by} /> <Ago at={at} />{' '}
            {note === undefined ? null : <q dir="auto">{note}</q>}
          </li>
        ))}
      </ul>
    </>
  );
};
