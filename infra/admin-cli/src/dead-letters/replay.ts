import { readFile } from 'node:fs/promises';
import { CommandError, call, type Invocation, type Outcome, type Subcommand } from '../run-command.ts';
import type { DeadLetter } from './answers.ts';
import { selectionOf, selectionOptions, selectionUsage } from './filters.ts';
import { runJob } from './follow-job.ts';
import { preview } from './preview.ts';

export const replay: Subcommand = {
  usage: `replay (<id> [--edit <file>] [--preview] | ${selectionUsage}`,
  summary:
    'sends one to its subscription again, as it is or with an edited body, or all open ones that match',
  positionals: { min: 0, max: 1 },
  options: { ...selectionOptions, edit: { type: 'string' }, preview: { type: 'boolean' } },
  run: async (invocation) => {
    const { positionals, values } = invocation;
    const [id] = positionals;
    const selection = selectionOf(values);
    if ((id === undefined) === (selection === undefined))
      throw new CommandError('give an id, or a group or another filter', 64);
    if (id !== undefined) return replayOne(invocation, id);
    if (values['edit'] !== undefined || values['preview'] === true)
      throw new CommandError('--edit and --preview are for one dead letter: give its id', 64);
    return runJob(invocation, { action: 'replay', ...selection });
  },
};

const replayOne = async (invocation: Invocation, id: string): Promise<Outcome> => {
  const { values, json, client, print } = invocation;
  const path = `/api/admin/dead-letters/${encodeURIComponent(id)}`;
  const body = typeof values['edit'] === 'string' ? { body: await readJson(values['edit']) } : {};
  if (values['preview'] === true) return preview(invocation, path, body);
  const deadLetter = await call<DeadLetter>(client, 'POST', `${path}/replay`, body);
  print(json ? JSON.stringify(deadLetter) : `replayed ${deadLetter.id} to ${deadLetter.subscription}`);
  return 'done';
};

const readJson = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new CommandError(
      `${file} cannot be read as JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
};
