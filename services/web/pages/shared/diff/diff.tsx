import type { JSX } from 'preact';
import { compare, type Difference } from './compare.ts';
import './diff.css';

interface DiffProps {
  readonly before: unknown;
  readonly after: unknown;
  /** What the two columns are: `version 3`, `version 4`. */
  readonly names: readonly [before: string, after: string];
  /** Also what is the same in both. */
  readonly whole?: boolean;
}

/** More rows than a person reads. */
const maxRows = 500;

const signs = { same: '', added: '+', removed: '−', changed: '~' } as const;

/** Two JSON values side by side, leaf by leaf; what differs is marked by a sign and a word, not by colour alone. */
export const Diff = ({ before, after, names, whole = false }: DiffProps): JSX.Element => {
  const rows = compare(before, after).filter(({ kind }) => whole || kind !== 'same');
  if (rows.length === 0) return <p class="soft">Nothing differs.</p>;
  return (
    <div class="scroll-x">
      <table class="diff">
        <thead>
          <tr>
            <th scope="col">
              <span class="visually-hidden">Change</span>
            </th>
            <th scope="col">Field</th>
            <th scope="col">{names[0]}</th>
            <th scope="col">{names[1]}</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, maxRows).map((row) => (
            <DiffRow key={row.path} {...row} />
          ))}
        </tbody>
      </table>
      {rows.length > maxRows ? <p class="soft">{rows.length - maxRows} more are left out.</p> : null}
    </div>
  );
};

const DiffRow = ({ path, kind, before, after }: Difference): JSX.Element => (
  <tr class={kind}>
    <td>
      <span aria-hidden="true">{signs[kind]}</span>
      <span class="visually-hidden">{kind}</span>
    </td>
    <th scope="row">
      <code>{path === '' ? 'value' : path}</code>
    </th>
    <td>{before === undefined ? null : <Value of={before} mark="del" isMarked={kind !== 'same'} />}</td>
    <td>{after === undefined ? null : <Value of={after} mark="ins" isMarked={kind !== 'same'} />}</td>
  </tr>
);

interface ValueProps {
  readonly of: string;
  readonly mark: 'del' | 'ins';
  readonly isMarked: boolean;
}

const Value = ({ of, mark: Mark, isMarked }: ValueProps): JSX.Element =>
  isMarked ? (
    <Mark>
      <code dir="auto">{of}</code>
    </Mark>
  ) : (
    <code dir="auto">{of}</code>
  );
