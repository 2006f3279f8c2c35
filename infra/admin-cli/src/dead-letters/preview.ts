import { call, type Invocation, type Outcome } from '../run-command.ts';
import { printable } from '../table.ts';
import type { Preview } from './answers.ts';
import { shortened } from './shortened.ts';

/** Prints what a replay would send as a diff, and what is wrong with it. `failed` when it would not be sent. */
export const preview = async (
  { json, client, print }: Invocation,
  path: string,
  body: object,
): Promise<Outcome> => {
  const answer = await call<Preview>(client, 'POST', `${path}/preview`, body);
  if (json) print(JSON.stringify(answer));
  else for (const line of linesOf(answer)) print(printable(line));
  return answer.accepted ? 'done' : 'failed';
};

const linesOf = ({ accepted, refusal, changes, errors }: Preview): string[] => [
  ...(changes.length === 0 ? ['no changes'] : changes.map(changeLine)),
  ...errors.map(({ field, message }) => `error: ${field} ${message}`),
  ...(refusal === undefined ? [] : [`error: ${refusal.message}`]),
  accepted ? 'it would be sent' : 'it would not be sent',
];

const changeLine = ({ path, kind, before, after }: Preview['changes'][number]): string => {
  const place = path === '' ? '(all)' : path;
  if (kind === 'added') return `+ ${place} ${valueText(after)}`;
  return kind === 'removed'
    ? `- ${place} ${valueText(before)}`
    : `~ ${place} ${valueText(before)} -> ${valueText(after)}`;
};

const valueText = (value: unknown): string => shortened(JSON.stringify(value), 200);
