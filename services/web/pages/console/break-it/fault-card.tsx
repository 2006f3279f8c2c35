import type { JSX } from 'preact';

interface FaultCardProps {
  readonly title: string;
  readonly expect: string;
  /** What it is now: `3 requests so far`. Undefined while it is not pressed. */
  readonly active: string | undefined;
  /** Undefined while its state cannot be read. */
  readonly press: ((isWanted: boolean) => void) | undefined;
}

/** A fault that can be pressed, with what to expect of it. */
export const FaultCard = ({ title, expect, active, press }: FaultCardProps): JSX.Element => {
  const text =
    press === undefined ? 'Its state is not known' : active === undefined ? 'Break it' : 'Repair it';
  return (
    <li class="fault card">
      <h3>
        {title} {active === undefined ? null : <span class="badge bad">{active}</span>}
      </h3>
      <p class="small soft">{expect}</p>
      <button
        type="button"
        class={active === undefined ? 'danger' : undefined}
        aria-label={`${text}: ${title}`}
        disabled={press === undefined}
        onClick={() => press?.(active === undefined)}
      >
        {text}
      </button>
    </li>
  );
};
