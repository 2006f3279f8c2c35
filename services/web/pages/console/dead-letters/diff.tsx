import type { JSX } from 'preact';
import type { Change } from './dead-letter.ts';

const maxShown = 200;

/** Each difference by its JSON pointer. */
export const Diff = ({ changes }: { readonly changes: readonly Change[] }): JSX.Element => {
  if (changes.length === 0) return <p class="soft">Nothing: it would be sent as it is.</p>;
  return (
    <div class="wide-table">
      <table class="diff">
        <thead>
          <tr>
            <th scope="col">Where</th>
            <th scope="col">What</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {changes.slice(0, maxShown).map(({ path, kind, before, after }) => (
            <tr key={path}>
              <td>
                <code>{path === '' ? 'all of it' : path}</code>
              </td>
              <td>{kind}</td>
              <td>
                {before === undefined ? null : (
                  <del>
                    <bdi>{shown(before)}</bdi>
                  </del>
                )}
              </td>
              <td>
                {after === undefined ? null : (
                  <ins>
                    <bdi>{shown(after)}</bdi>
                  </ins>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {changes.length > maxShown ? <p class="soft">And {changes.length - maxShown} more.</p> : null}
    </div>
  );
};

const shown = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)} …` : text;
};
