import type { JSX } from 'preact';
import { Ago, Shown } from '../../shared/components.tsx';
import { useResource } from '../../shared/resource.ts';
import { query } from '../../shared/router.ts';
import { api, type DeadLetter, filterOf, type Group, type Status } from './dead-letter.ts';
import './dead-letters.css';
import { Filters } from './filters.tsx';
import { NewJob } from './new-job.tsx';
import { NextPage } from './next-page.tsx';
import { StatusBadge } from './status-badge.tsx';
import { UnfinishedJobs } from './unfinished-jobs.tsx';

interface DeadLetters {
  readonly deadLetters: readonly DeadLetter[];
  readonly next?: string;
  readonly counts?: Readonly<Record<Status, number>>;
}

/** The dead letters of a group, or of a filter. */
export const ListPage = (): JSX.Element => {
  const status = query.value.get('status') ?? '';
  const before = query.value.get('before') ?? '';
  const filter = filterOf(query.value);
  const search = new URLSearchParams({
    ...filter,
    ...(status && { status }),
    ...(before && { before }),
    limit: '100',
  });
  const { state, reload } = useResource<DeadLetters>(`${api}?${search}`, 2_000);
  return (
    <>
      <p class="small">
        <a href="/console/dead-letters">All groups</a>
      </p>
      {filter['group'] === undefined ? <h1>Dead letters</h1> : <GroupHeading id={filter['group']} />}
      <Filters />
      <UnfinishedJobs />
      <Shown of={state.value} what="the dead letters" retry={reload}>
        {({ deadLetters, next, counts }) => (
          <>
            {deadLetters.length === 0 ? (
              <p class="soft">There are none.</p>
            ) : (
              <DeadLetterTable deadLetters={deadLetters} />
            )}
            <NextPage next={next} />
            {Object.keys(filter).length === 0 || counts === undefined ? null : (
              <NewJob
                filter={filter}
                open={counts.open}
                what={filter['group'] === undefined ? 'of all that match the filter' : 'of this group'}
              />
            )}
          </>
        )}
      </Shown>
    </>
  );
};

const GroupHeading = ({ id }: { readonly id: string }): JSX.Element => {
  const { state } = useResource<{ groups: readonly Group[] }>(
    `${api}/groups?group=${encodeURIComponent(id)}`,
    2_000,
  );
  const group = state.value.kind === 'ready' ? state.value.value.groups[0] : undefined;
  if (group === undefined) return <h1>A group of dead letters</h1>;
  const { subscription, type, code, fingerprint, counts, failedAgain, firstFailedAt, lastFailedAt } = group;
  return (
    <>
      <h1>
        <bdi>{fingerprint === '' ? code : fingerprint}</bdi>
      </h1>
      <p>
        {type} at {subscription}, {code}. First <Ago at={firstFailedAt} />, last <Ago at={lastFailedAt} />.
      </p>
      <p aria-live="polite">
        {counts.open} open{failedAgain > 0 ? `, ${failedAgain} of them failed again after a replay` : ''};{' '}
        {counts.replayed} replayed, {counts.discarded} discarded.
      </p>
    </>
  );
};

const DeadLetterTable = ({ deadLetters }: { readonly deadLetters: readonly DeadLetter[] }): JSX.Element => (
  <div class="wide-table">
    <table>
      <thead>
        <tr>
          <th scope="col">Message</th>
          <th scope="col">Key</th>
          <th scope="col">Status</th>
          <th scope="col">Reason</th>
          <th scope="col" class="number">
            Failures
          </th>
          <th scope="col">Failed</th>
        </tr>
      </thead>
      <tbody>
        {deadLetters.map((deadLetter) => {
          const { id, type, subscription, key, reason, times, failedAt } = deadLetter;
          return (
            <tr key={id} class={deadLetter.status === 'open' ? undefined : 'settled'}>
              <td>
                <a href={`/console/dead-letters/${id}`}>
                  {type} <code>{id.slice(-8)}</code>
                </a>
                <div class="soft small">at {subscription}</div>
              </td>
              <td>
                <code title={key}>
                  <bdi>{key.length > 14 ? `…${key.slice(-12)}` : key}</bdi>
                </code>
              </td>
              <td>
                <StatusBadge of={deadLetter} />
              </td>
              <td class="reason">
                <bdi>{reason.message}</bdi>
              </td>
              <td class="number">{times}</td>
              <td>
                <Ago at={failedAt} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  </div>
);
