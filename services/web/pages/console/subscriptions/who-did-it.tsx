import type { JSX } from 'preact';
import { Ago, Shown } from '../../shared/components.tsx';
import { useResource } from '../../shared/resource.ts';
import { Person } from '../people/person.tsx';

interface Audit {
  readonly entries: readonly {
    readonly id: string;
    readonly at: string;
    readonly userId: string;
    readonly action: string;
    readonly target: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly outcome?: 'done' | 'refused';
  }[];
}

/** What people did to a thing, newest first. */
export const WhoDidIt = ({ target }: { readonly target: string }): JSX.Element => {
  const path = `/api/admin/audit?limit=20&target=${encodeURIComponent(target)}`;
  const { state, reload } = useResource<Audit>(path);
  return (
    <section aria-labelledby="who-did-it">
      <h2 id="who-did-it">Who did it</h2>
      <Shown of={state.value} what="the audit record" retry={reload}>
        {({ entries }) =>
          entries.length === 0 ? (
            <p class="soft">Nobody did anything to it.</p>
          ) : (
            <ul class="plain-list">
              {entries.map(({ id, at, userId, action, details, outcome }) => (
                <li key={id}>
                  {action}
                  {outcome === 'done' ? '' : ` (${outcome ?? 'not finished'})`} by <Person id={userId} />{' '}
                  <Ago at={at} />{' '}
                  {typeof details['reason'] === 'string' ? <q dir="auto">{details['reason']}</q> : null}
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  );
};
