import type { JSX } from 'preact';
import { type DeadLetter, failedAgainText, type Status } from './dead-letter.ts';

const looks: Readonly<Record<Status, string>> = { open: 'bad', replayed: 'good', discarded: '' };

/** The status, and whether a replay has not helped. */
export const StatusBadge = ({
  of: { status, replays },
}: {
  readonly of: Pick<DeadLetter, 'status' | 'replays'>;
}): JSX.Element => (
  <>
    <span class={`badge ${looks[status]}`}>{status}</span>
    {status === 'open' && replays > 0 ? (
      <span class={`badge ${replays > 1 ? 'bad strong' : 'warn'}`}>{failedAgainText(replays)}</span>
    ) : null}
  </>
);
