import type { JSX } from 'preact';
import { Ago } from '../../shared/components.tsx';
import { type Kept, missingOf } from './trace.ts';

/** Since when there are spans, and what is missing since the service has started. */
export const KeptNotice = ({ kept }: { readonly kept: Kept }): JSX.Element => {
  const missing = missingOf(kept);
  return (
    <p class="soft small">
      Spans are kept for an hour
      {kept.since === undefined ? '' : ', at the moment those since '}
      {kept.since === undefined ? null : <Ago at={kept.since} />}.
      {missing === '' ? '' : ` Of all spans since the service has started, ${missing}.`}
    </p>
  );
};
