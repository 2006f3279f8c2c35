import type { JSX } from 'preact';
import { query, setQuery } from '../../shared/router.ts';

/** Pages of a list go back in time; the place is in the address. */
export const NextPage = ({ next }: { readonly next: string | undefined }): JSX.Element | null => {
  const isFirst = (query.value.get('before') ?? '') === '';
  if (isFirst && next === undefined) return null;
  return (
    <p class="actions">
      {isFirst ? null : (
        <button type="button" onClick={() => setQuery({ before: '' })}>
          Newest
        </button>
      )}
      {next === undefined ? null : (
        <button
          type="button"
          onClick={() => setQuery({ before: new URL(next, location.href).searchParams.get('before') ?? '' })}
        >
          Older
        </button>
      )}
    </p>
  );
};
