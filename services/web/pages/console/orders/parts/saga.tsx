import type { JSX } from 'preact';
import { Shown } from '../../../shared/components.tsx';
import { useResource } from '../../../shared/resource.ts';
import { Deadline } from '../../sagas/deadline.tsx';
import { lookOf, type SagaDetail } from '../../sagas/saga.ts';
import { Actions, Steps } from '../../sagas/saga-page.tsx';

/** The saga of an order: what is done, runs and remains, what would be compensated, and what a person can do. */
export const SagaSection = ({ id }: { readonly id: string }): JSX.Element => {
  const path = `/api/admin/sagas/${encodeURIComponent(id)}`;
  const { state, reload } = useResource<SagaDetail>(path, 2_000);
  return (
    <section aria-labelledby="saga">
      <h2 id="saga">Saga</h2>
      <Shown of={state.value} what="the saga" retry={reload}>
        {(saga) => (
          <>
            <p>
              <a href={`/console/sagas/${saga.id}`}>{saga.saga}</a>{' '}
              <span class={`badge ${lookOf(saga.state)}`}>{saga.state}</span>
              {saga.step === undefined ? null : `, at ${saga.step}`}
              {saga.tries === undefined ? null : `, attempt ${saga.tries.made} of ${saga.tries.of}`}
              {saga.deadline === undefined ? null : (
                <>
                  , deadline <Deadline deadline={saga.deadline} />
                </>
              )}
            </p>
            {saga.parked === undefined ? null : (
              <p class="notice bad" dir="auto">
                Parked at {saga.parked.step}: {saga.parked.reason}
              </p>
            )}
            {saga.reason === undefined ? null : (
              <p dir="auto">
                Compensates because: {saga.reason.text} (<code>{saga.reason.code}</code>)
              </p>
            )}
            <Steps saga={saga} />
            {saga.possible.some(({ isPossible }) => isPossible) ? (
              <Actions saga={saga} path={path} done={reload} />
            ) : null}
          </>
        )}
      </Shown>
    </section>
  );
};
