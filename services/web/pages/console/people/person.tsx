import type { JSX } from 'preact';
import { session } from '../../shared/session.ts';

/** Who did it: the console knows the name of its own user, and the ids of the others. */
export const Person = ({ id }: { readonly id: string }): JSX.Element => {
  const current = session.value;
  if (current.kind === 'signed-in' && current.user.userId === id)
    return (
      <span title={id}>
        <bdi>{current.user.name}</bdi> (you)
      </span>
    );
  return <code title={id}>{id.length > 12 ? `…${id.slice(-8)}` : id}</code>;
};
