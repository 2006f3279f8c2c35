import { call, type Subcommand } from '../run-command.ts';
import { table } from '../table.ts';
import type { DeadLetter, DeadLetterPage } from './answers.ts';
import { listOptions, listUsage, queryOf } from './filters.ts';
import { shortened } from './shortened.ts';

export const list: Subcommand = {
  usage: `list [--group g] ${listUsage}`,
  summary: 'lists dead letters, the newest first',
  options: { ...listOptions, group: { type: 'string' } },
  run: async ({ values, json, client, print }) => {
    const page = await call<DeadLetterPage>(client, 'GET', `/api/admin/dead-letters?${queryOf(values)}`);
    if (json) print(JSON.stringify(page));
    else {
      for (const line of table(page.deadLetters, columns)) print(line);
      if (page.counts !== undefined) {
        const { open, replayed, discarded } = page.counts;
        print(
          `\n${open} open, ${replayed} replayed, ${discarded} discarded${page.next ? '; --limit shows more' : ''}`,
        );
      }
    }
    return 'done';
  },
};

const columns = [
  { heading: 'id', text: ({ id }: DeadLetter) => id },
  { heading: 'failed', text: ({ failedAt }: DeadLetter) => failedAt.slice(0, 19) },
  { heading: 'status', text: statusOf },
  { heading: 'subscription', text: ({ subscription }: DeadLetter) => subscription },
  { heading: 'type', text: ({ type }: DeadLetter) => shortened(type, 40) },
  { heading: 'code', text: ({ reason }: DeadLetter) => shortened(reason.code ?? '', 40) },
  { heading: 'reason', text: ({ reason }: DeadLetter) => shortened(reason.message, 60) },
];

function statusOf({ status, replays }: DeadLetter): string {
  return status === 'open' && replays > 0 ? `failed again (${replays})` : status;
}
