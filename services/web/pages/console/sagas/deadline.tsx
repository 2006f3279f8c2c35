import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatDuration, formatExact } from '../../shared/format.ts';
import type { SagaSummary } from './saga.ts';

/** Counts down. */
export const Deadline = ({
  deadline: { at, isOverdue, next },
}: {
  readonly deadline: NonNullable<SagaSummary['deadline']>;
}): JSX.Element => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const left = new Date(at).getTime() - now;
  return (
    <time dateTime={at} title={formatExact(new Date(at))} class={isOverdue ? 'overdue' : undefined}>
      {left > 0 ? `in ${formatDuration(left)}` : 'overdue'}, then {next}
    </time>
  );
};
