import { call, type Subcommand } from '../run-command.ts';
import { table } from '../table.ts';
import type { Group, GroupPage } from './answers.ts';
import { listOptions, listUsage, queryOf } from './filters.ts';
import { shortened, toSecond } from './shortened.ts';

export const groups: Subcommand = {
  usage: `groups ${listUsage}`,
  summary: 'lists groups of dead letters that failed for one reason, the newest last failure first',
  options: listOptions,
  run: async ({ values, json, client, print }) => {
    const page = await call<GroupPage>(client, 'GET', `/api/admin/dead-letters/groups?${queryOf(values)}`);
    if (json) print(JSON.stringify(page));
    else for (const line of table(page.groups, columns)) print(line);
    return 'done';
  },
};

const columns = [
  { heading: 'group', text: ({ id }: Group) => id },
  { heading: 'open', text: ({ counts }: Group) => String(counts.open), alignRight: true },
  { heading: 'failed again', text: ({ failedAgain }: Group) => String(failedAgain), alignRight: true },
  { heading: 'replayed', text: ({ counts }: Group) => String(counts.replayed), alignRight: true },
  { heading: 'discarded', text: ({ counts }: Group) => String(counts.discarded), alignRight: true },
  { heading: 'first', text: ({ firstFailedAt }: Group) => toSecond(firstFailedAt) },
  { heading: 'last', text: ({ lastFailedAt }: Group) => toSecond(lastFailedAt) },
  { heading: 'subscription', text: ({ subscription }: Group) => subscription },
  { heading: 'type', text: ({ type }: Group) => shortened(type, 40) },
  { heading: 'reason', text: ({ code, fingerprint }: Group) => shortened(`${code}: ${fingerprint}`, 80) },
];
