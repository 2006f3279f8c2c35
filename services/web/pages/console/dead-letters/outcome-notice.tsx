import type { JSX } from 'preact';
import { Ago } from '../../shared/components.tsx';
import { Person } from '../people/person.tsx';
import { failedAgainText, type Outcome } from './dead-letter.ts';

/** What became of the last replay: sent is not handled. */
export const OutcomeNotice = ({ outcome }: { readonly outcome: Outcome }): JSX.Element => (
  <div aria-live="polite">
    <Notice outcome={outcome} />
  </div>
);

const Notice = ({
  outcome: { outcome, handledBy, handledAt, retries = 0, lastError, deadLetter },
}: {
  readonly outcome: Outcome;
}): JSX.Element | null => {
  const { lastReplay, replays } = deadLetter;
  const sent =
    lastReplay === undefined ? null : (
      <>
        Replayed <Ago at={lastReplay.at} /> by <Person id={lastReplay.userId} />
      </>
    );
  switch (outcome) {
    case 'open':
      return null;
    case 'discarded':
      return <p class="notice info">It was discarded: nobody will handle it.</p>;
    case 'failed-again':
      return (
        <p class="notice bad">
          <strong>{failedAgainText(replays)}.</strong> {sent}.
        </p>
      );
    case 'handled':
      return (
        <p class="notice good">
          {sent}, and <strong>handled</strong> by {handledBy}
          {handledAt === undefined ? null : (
            <>
              {' '}
              <Ago at={handledAt} />
            </>
          )}
          .
        </p>
      );
    case 'in-flight':
      return (
        <p class="notice info">
          {sent}. <strong>In flight</strong>:{' '}
          {retries === 0
            ? 'it has not failed again, and no span says yet that it was handled.'
            : `it was tried ${retries} ${retries === 1 ? 'time' : 'times'} and is tried again.`}{' '}
          {lastError === undefined ? null : <bdi>{lastError}</bdi>}
        </p>
      );
  }
};
