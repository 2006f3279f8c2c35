import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { type Answer, request } from '../../shared/api.ts';
import { navigate, query } from '../../shared/router.ts';
import { type Found, type Lookup, lookupsFor } from './lookups.ts';

interface Result {
  readonly found: readonly Found[];
  /** What was asked, and answered that it does not know the id. */
  readonly unknownTo: readonly string[];
  /** What did not answer: the id may be there. */
  readonly away: readonly string[];
}

/** Any id leads to its page: at once where exactly one has it. */
export const SearchPage = (): JSX.Element => {
  const id = (query.value.get('id') ?? '').trim();
  const result = useSignal<Result | undefined>(undefined);
  useEffect(() => {
    const left = new AbortController();
    result.value = undefined;
    if (id !== '')
      void search(id, left.signal).then((found) => {
        if (left.signal.aborted) return;
        const [only] = found.found;
        if (only !== undefined && found.found.length === 1 && found.away.length === 0) open(only);
        else result.value = found;
      });
    return () => left.abort();
  }, [id]);

  return (
    <>
      <h1>Search</h1>
      {id === '' ? (
        <p class="soft">Type any id into the field above.</p>
      ) : (
        <Results id={id} result={result.value} />
      )}
    </>
  );
};

/** The search is left out when one goes back. */
const open = ({ href }: Found): void => {
  if (href.startsWith('/console')) {
    navigate(href, { replace: true });
    document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
  } else location.replace(href);
};

const search = async (id: string, signal: AbortSignal): Promise<Result> => {
  const lookups = lookupsFor(id);
  const answers = await Promise.all(lookups.map(({ path }) => request<unknown>(path, { signal })));
  const each = lookups.map((lookup, index) => ({ lookup, pages: pagesOf(lookup, answers[index]) }));
  return {
    found: each.flatMap(({ pages }) => pages ?? []),
    unknownTo: each.filter(({ pages }) => pages?.length === 0).map(({ lookup }) => lookup.what),
    away: each.filter(({ pages }) => pages === undefined).map(({ lookup }) => lookup.what),
  };
};

/** Undefined without an answer. */
const pagesOf = ({ found }: Lookup, answer: Answer<unknown> | undefined): readonly Found[] | undefined => {
  if (answer?.kind === 'ok') return found(answer.body);
  return answer?.kind === 'problem' && answer.problem.status < 500 ? [] : undefined;
};

const Results = ({
  id,
  result,
}: {
  readonly id: string;
  readonly result: Result | undefined;
}): JSX.Element => {
  if (result === undefined)
    return (
      <p class="soft" role="status" aria-busy="true">
        Looking for <code dir="auto">{id}</code> …
      </p>
    );
  const { found, unknownTo, away } = result;
  return (
    <div role="status">
      {found.length === 0 ? (
        <p>
          Nothing has the id <code dir="auto">{id}</code>.
        </p>
      ) : (
        <ul class="plain-list">
          {found.map(({ what, href, text }) => (
            <li key={`${what}${href}`}>
              {what}:{' '}
              <a href={href} dir="auto">
                {text}
              </a>
            </li>
          ))}
        </ul>
      )}
      {away.length === 0 ? null : (
        <p class="notice warn">No answer now, so that it may still be: {away.join(', ')}.</p>
      )}
      {unknownTo.length === 0 ? null : (
        <p class="soft small">Asked, and not known as: {unknownTo.join(', ')}.</p>
      )}
    </div>
  );
};
