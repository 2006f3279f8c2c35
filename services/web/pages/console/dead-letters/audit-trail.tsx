import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Ago, Shown } from '../../shared/components.tsx';
import { useResource } from '../../shared/resource.ts';
import { Person } from '../people/person.tsx';

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly userId: string;
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly outcome?: 'done' | 'refused';
}

/** Who did what to it, and who has read it. `version`: it is read again when that changes. */
export const AuditTrail = ({
  target,
  version,
}: {
  readonly target: string;
  readonly version: string;
}): JSX.Element => {
  const { state, reload } = useResource<{ entries: readonly Entry[] }>(
    `/api/admin/audit?target=${encodeURIComponent(target)}&limit=100`,
  );
  useEffect(reload, [version]);
  return (
    <section aria-labelledby="who-did-it">
      <h2 id="who-did-it">Who did it</h2>
      <Shown of={state.value} what="the audit record" retry={reload}>
        {({ entries }) => {
          const actions = entries.filter(({ action }) => action !== 'dead-letter.read');
          const readers = [
            ...new Set(
              entries.filter(({ action }) => action === 'dead-letter.read').map(({ userId }) => userId),
            ),
          ];
          return (
            <>
              {actions.length === 0 ? <p class="soft">Nobody has done anything to it.</p> : null}
              <ul class="plain-list">
                {actions.map((entry) => (
                  <Line key={entry.id} entry={entry} />
                ))}
              </ul>
              {readers.length === 0 ? null : (
                <p class="soft small">
                  Read by{' '}
                  {readers.map((id, index) => (
                    <span key={id}>
                      {index === 0 ? '' : ', '}
                      <Person id={id} />
                    </span>
                  ))}
                  .
                </p>
              )}
            </>
          );
        }}
      </Shown>
    </section>
  );
};

const Line = ({
  entry: { at, userId, action, details, outcome },
}: {
  readonly entry: Entry;
}): JSX.Element => {
  const { reason, edited, rate, total } = details;
  return (
    <li>
      {action.replace(/^dead-letter\./, '').replaceAll('-', ' ')}
      {edited === true ? ', edited' : ''}
      {typeof total === 'number' ? ` of ${total}` : ''}
      {typeof rate === 'number' ? ` at ${rate} a second` : ''}
      {outcome === 'refused' ? ', refused' : outcome === undefined ? ', outcome unknown' : ''} by{' '}
      <Person id={userId} /> <Ago at={at} />
      {typeof reason === 'string' ? (
        <>
          : <q dir="auto">{reason}</q>
        </>
      ) : null}
    </li>
  );
};
