import type { JSX } from 'preact';
import { Ago, Shown } from '../../shared/components.tsx';
import { useResource } from '../../shared/resource.ts';
import { query, setQuery } from '../../shared/router.ts';
import { Deadline } from './deadline.tsx';
import { lookOf, type SagaSummary, states } from './saga.ts';

interface Sagas {
  readonly sagas: readonly SagaSummary[];
}

/** Overdue ones first, as the API lists them. */
export const SagasPage = (): JSX.Element => {
  const state = query.value.get('state') ?? '';
  const step = query.value.get('step') ?? '';
  const filter = new URLSearchParams({ limit: '100', ...(state && { state }), ...(step && { step }) });
  const { state: sagas, reload } = useResource<Sagas>(`/api/admin/sagas?${filter}`, 2_000);
  return (
    <>
      <h1>Sagas</h1>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          State
          <select value={state} onChange={({ currentTarget }) => setQuery({ state: currentTarget.value })}>
            <option value="">not ended</option>
            {states.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <label>
          Step
          <input
            value={step}
            onChange={({ currentTarget }) => setQuery({ step: currentTarget.value.trim() })}
          />
        </label>
      </form>
      <Shown of={sagas.value} what="the sagas" retry={reload}>
        {({ sagas: found }) =>
          found.length === 0 ? <p class="soft">There are none.</p> : <SagaTable sagas={found} />
        }
      </Shown>
    </>
  );
};

const SagaTable = ({ sagas }: { readonly sagas: readonly SagaSummary[] }): JSX.Element => (
  <table>
    <thead>
      <tr>
        <th scope="col">Saga</th>
        <th scope="col">State</th>
        <th scope="col">Step</th>
        <th scope="col">Deadline</th>
        <th scope="col">Started</th>
        <th scope="col">Why parked</th>
      </tr>
    </thead>
    <tbody>
      {sagas.map(({ saga, id, state, step, tries, deadline, startedAt, parked }) => (
        <tr key={id}>
          <td>
            <a href={`/console/sagas/${id}`}>
              {saga} {id.slice(-8)}
            </a>
          </td>
          <td>
            <span class={`badge ${lookOf(state)}`}>{state}</span>
          </td>
          <td>
            {step ?? '–'}
            {tries === undefined ? null : (
              <span class="soft small">
                {' '}
                attempt {tries.made} of {tries.of}
              </span>
            )}
          </td>
          <td>{deadline === undefined ? '–' : <Deadline deadline={deadline} />}</td>
          <td>
            <Ago at={startedAt} />
          </td>
          <td dir="auto">{parked?.reason ?? ''}</td>
        </tr>
      ))}
    </tbody>
  </table>
);
