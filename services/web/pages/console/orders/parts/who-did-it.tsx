import type { JSX } from 'preact';
import { Ago, Shown } from '../../../shared/components.tsx';
import { useResource } from '../../../shared/resource.ts';
import { Person } from '../../people/person.tsx';
import type { SagaDetail } from '../../sagas/saga.ts';
import { describeEvent } from '../describe-event.ts';
import type { OrderEvent } from '../order.ts';

interface WhoProps {
  readonly id: string;
  readonly events: readonly OrderEvent[];
}

interface Deed {
  readonly at: string;
  readonly what: string;
  readonly role: string;
  readonly by?: string;
  readonly reason?: string;
}

/** Everything that people did to the order: its events by a person, and the repairs of its saga. */
export const WhoDidIt = ({ id, events }: WhoProps): JSX.Element => {
  const { state, reload } = useResource<SagaDetail>(`/api/admin/sagas/${encodeURIComponent(id)}`, 5_000);
  return (
    <section aria-labelledby="who">
      <h2 id="who">Who did it</h2>
      <Shown of={state.value} what="the actions" retry={reload}>
        {({ actions }) => {
          const repairs: readonly Deed[] = actions.map(({ action, outcome, by, note, at }) => ({
            ...{
              at,
              what: outcome === undefined ? action : `${action}: ${outcome}`,
              role: 'administrator',
              by,
            },
            ...(note === undefined ? {} : { reason: note }),
          }));
          const deeds = [...events.filter(isByPerson).map(deedOf), ...repairs];
          return <Deeds deeds={deeds.toSorted((one, other) => one.at.localeCompare(other.at))} />;
        }}
      </Shown>
    </section>
  );
};

const isByPerson = ({ actor: { kind } }: OrderEvent): boolean =>
  kind === 'customer' || kind === 'administrator';

const deedOf = (event: OrderEvent): Deed => {
  const { reason } = event.data;
  return {
    ...{ at: event.at, what: describeEvent(event).split(': ')[0] ?? '' },
    role: event.actor.kind,
    ...(event.actor.id === undefined ? {} : { by: event.actor.id }),
    ...(typeof reason === 'string' ? { reason } : {}),
  };
};

const Deeds = ({ deeds }: { readonly deeds: readonly Deed[] }): JSX.Element =>
  deeds.length === 0 ? (
    <p class="soft">Nobody but the shop itself.</p>
  ) : (
    <ol class="plain-list">
      {deeds.map(({ at, what, role, by, reason }) => (
        <li key={`${at}${what}`}>
          {what} by {role} {by === undefined ? null : <Person id={by} />} <Ago at={at} />{' '}
          {reason === undefined ? null : <q dir="auto">{reason}</q>}
        </li>
      ))}
    </ol>
  );
