import type { JSX } from 'preact';
import { Ago, Shown } from '../../shared/components.tsx';
import { useResource } from '../../shared/resource.ts';
import { query } from '../../shared/router.ts';
import { api, filterOf, type Group } from './dead-letter.ts';
import './dead-letters.css';
import { Filters } from './filters.tsx';
import { NewJob } from './new-job.tsx';
import { NextPage } from './next-page.tsx';
import { UnfinishedJobs } from './unfinished-jobs.tsx';

interface Groups {
  readonly groups: readonly Group[];
  readonly next?: string;
}

/** Dead letters of one subscription, contract and reason are one line: what failed for the same cause is repaired together. */
export const GroupsPage = (): JSX.Element => {
  const status = query.value.get('status') ?? '';
  const before = query.value.get('before') ?? '';
  const filter = filterOf(query.value);
  const search = new URLSearchParams({
    ...filter,
    ...(status && { status }),
    ...(before && { before }),
    limit: '100',
  });
  const { state, reload } = useResource<Groups>(`${api}/groups?${search}`, 2_000);
  return (
    <>
      <h1>Dead letters</h1>
      <Filters />
      <UnfinishedJobs />
      <Shown of={state.value} what="the dead letters" retry={reload}>
        {({ groups, next }) =>
          groups.length === 0 ? (
            <p class="soft">
              {search.size > 1 ? 'None match the filter.' : 'There are none: every message was handled.'}
            </p>
          ) : (
            <>
              <GroupTable groups={groups} />
              <NextPage next={next} />
              {Object.keys(filter).length === 0 ? null : (
                <NewJob filter={filter} open={sumOf(groups)} what="of all that match the filter" />
              )}
            </>
          )
        }
      </Shown>
    </>
  );
};

const sumOf = (groups: readonly Group[]): number => groups.reduce((sum, { counts }) => sum + counts.open, 0);

const GroupTable = ({ groups }: { readonly groups: readonly Group[] }): JSX.Element => (
  <div class="wide-table">
    <table>
      <thead>
        <tr>
          <th scope="col">Reason</th>
          <th scope="col">Subscription</th>
          <th scope="col">Contract</th>
          <th scope="col" class="number">
            Open
          </th>
          <th scope="col" class="number">
            Failed again
          </th>
          <th scope="col" class="number">
            Replayed
          </th>
          <th scope="col" class="number">
            Discarded
          </th>
          <th scope="col">First</th>
          <th scope="col">Last</th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <GroupRow key={group.id} group={group} />
        ))}
      </tbody>
    </table>
  </div>
);

const GroupRow = ({
  group: { id, subscription, type, code, fingerprint, counts, failedAgain, firstFailedAt, lastFailedAt },
}: {
  readonly group: Group;
}): JSX.Element => (
  <tr class={counts.open === 0 ? 'settled' : undefined}>
    <td class="reason">
      <a href={`/console/dead-letters/list?group=${id}`}>
        <bdi>{fingerprint === '' ? code : fingerprint}</bdi>
      </a>
      <div class="soft small">{code}</div>
    </td>
    <td>{subscription}</td>
    <td>{type}</td>
    <td class="number">{counts.open > 0 ? <strong class="overdue">{counts.open}</strong> : 0}</td>
    <td class="number">{failedAgain > 0 ? <span class="badge warn">{failedAgain}</span> : 0}</td>
    <td class="number">{counts.replayed}</td>
    <td class="number">{counts.discarded}</td>
    <td>
      <Ago at={firstFailedAt} />
    </td>
    <td>
      <Ago at={lastFailedAt} />
    </td>
  </tr>
);
