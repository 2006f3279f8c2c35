import type { JSX } from 'preact';
import { isDevelopment } from '../break-it/development.ts';

/** Says so where the lessons cannot be done. */
export const NeedsStandIns = (): JSX.Element | null =>
  isDevelopment.value === false ? (
    <p class="notice info">
      This shop deals with the real outside world. The lessons break things, so they can be done in
      development only; here you can read them.
    </p>
  ) : null;
