import type { JSX } from 'preact';
import { Ago } from '../../shared/components.tsx';
import { Person } from '../people/person.tsx';
import type { DeadLetterDetails, HistoryEntry } from './dead-letter.ts';

/** Its path: each failure, and what people did. */
export const History = ({ deadLetter }: { readonly deadLetter: DeadLetterDetails }): JSX.Element => (
  <section aria-labelledby="path">
    <h2 id="path">Its path</h2>
    <ol class="path">
      {pathOf(deadLetter).map((entry, index) => (
        <li key={`${entry.at}-${index}`} class={entry.kind}>
          <Entry entry={entry} />
        </li>
      ))}
    </ol>
  </section>
);

/** The history begins after the first failure, which the dead letter itself tells while there is no other. */
const pathOf = ({
  history,
  reason,
  failedAt,
  receivedAt,
  attempts,
}: DeadLetterDetails): readonly HistoryEntry[] => {
  if (history[0]?.kind === 'failed') return history;
  const hasFailedAgain = history.some(({ kind }) => kind === 'failed');
  const first: HistoryEntry = hasFailedAgain
    ? { kind: 'failed', at: receivedAt }
    : { kind: 'failed', at: failedAt, reason, attempts };
  return [first, ...history];
};

const Entry = ({
  entry: { kind, at, userId, reason, attempts, movedFrom, body },
}: {
  readonly entry: HistoryEntry;
}): JSX.Element => (
  <>
    <strong>{kind}</strong> <Ago at={at} />
    {userId === undefined ? null : (
      <>
        {' '}
        by <Person id={userId} />
      </>
    )}
    {attempts === undefined ? '' : `, after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`}
    {kind === 'replayed' ? (body === undefined ? ', as it was' : ', edited') : ''}
    {movedFrom === undefined ? '' : ', for another reason than before'}
    {reason?.message === undefined ? null : (
      <div class="small" dir="auto">
        {reason.message}
      </div>
    )}
    {kind !== 'replayed' || body === undefined ? null : (
      <details>
        <summary class="small">What was sent</summary>
        <pre dir="ltr">{JSON.stringify(body.content, null, 2)}</pre>
      </details>
    )}
  </>
);
