import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatDuration, formatExact } from '../../shared/format.ts';
import { shopClock } from '../../shared/shop-clock.ts';
import type { SagaSummary } from './saga.ts';

/** Counts down, by the clock of the shop. */
export const Deadline = ({
  deadline: { at, isOverdue, next },
}: {
  readonly deadline: NonNullable<SagaSummary['deadline']>;
}): JSX.Element => {
  const [, renderAgain] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => renderAgain(shopClock.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const left = new Date(at).getTime() - shopClock.now();
  return (
    <time dateTime={at} title={formatExact(new Date(at))} class={isOverdue ? 'overdue' : undefined}>
      {left > 0 ? `in ${formatDuration(left)}` : 'overdue'}, then {next}
    </time>
  );
};
