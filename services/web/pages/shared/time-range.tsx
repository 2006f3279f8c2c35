import type { JSX } from 'preact';
import { query, setQuery } from './router.ts';

const ranges: readonly (readonly [seconds: number, text: string])[] = [
  [60, 'last minute'],
  [300, 'last 5 minutes'],
  [900, 'last 15 minutes'],
  [3_600, 'last hour'],
];

/** The seconds that the address names, as `last=300`; `usual` without one that can be chosen. */
export const secondsOf = (text: string | null, usual: number): number => {
  const seconds = Number(text);
  return ranges.some(([each]) => each === seconds) ? seconds : usual;
};

export const timeRange = (usual = 60): number => secondsOf(query.value.get('last'), usual);

/** How far back a page looks. It is part of the address. */
export const TimeRange = ({ usual = 60 }: { readonly usual?: number }): JSX.Element => (
  <label>
    Time
    <select
      value={timeRange(usual)}
      onChange={({ currentTarget: { value } }) => setQuery({ last: Number(value) === usual ? '' : value })}
    >
      {ranges.map(([seconds, text]) => (
        <option key={seconds} value={seconds}>
          {text}
        </option>
      ))}
    </select>
  </label>
);
