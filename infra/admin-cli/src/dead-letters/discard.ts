import { CommandError, call, type Subcommand } from '../run-command.ts';
import type { DeadLetter } from './answers.ts';
import { selectionOf, selectionOptions, selectionUsage } from './filters.ts';
import { runJob } from './follow-job.ts';

export const discard: Subcommand = {
  usage: `discard (<id> | ${selectionUsage} --reason <text>`,
  summary: 'discards one, or all open ones that match',
  positionals: { min: 0, max: 1 },
  options: { ...selectionOptions, reason: { type: 'string' } },
  run: async (invocation) => {
    const { positionals, values, json, client, print } = invocation;
    const [id] = positionals;
    const { reason } = values;
    if (reason === undefined)
      throw new CommandError('--reason is missing: say why, for the audit record', 64);
    const selection = selectionOf(values);
    if ((id === undefined) === (selection === undefined))
      throw new CommandError('give an id, or a group or another filter', 64);
    if (id === undefined) return runJob(invocation, { action: 'discard', ...selection, reason });
    const path = `/api/admin/dead-letters/${encodeURIComponent(id)}/discard`;
    const deadLetter = await call<DeadLetter>(client, 'POST', path, { reason });
    print(json ? JSON.stringify(deadLetter) : `discarded ${deadLetter.id}`);
    return 'done';
  },
};
