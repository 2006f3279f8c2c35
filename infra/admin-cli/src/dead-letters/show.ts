import { call, type Subcommand } from '../run-command.ts';
import { printable, table } from '../table.ts';
import type { DeadLetterDetails } from './answers.ts';
import { toSecond } from './shortened.ts';

export const show: Subcommand = {
  usage: 'show <id>',
  summary:
    'shows one with its body and its history; that is recorded, since bodies may contain personal data',
  positionals: { min: 1, max: 1 },
  run: async ({ positionals: [id = ''], json, client, print }) => {
    const path = `/api/admin/dead-letters/${encodeURIComponent(id)}`;
    const deadLetter = await call<DeadLetterDetails>(client, 'GET', path);
    if (json) print(JSON.stringify(deadLetter));
    else for (const line of linesOf(deadLetter)) print(line);
    return 'done';
  },
};

const linesOf = (deadLetter: DeadLetterDetails): string[] => {
  const { reason, status, replays, lastReplay, notReplayable, body, correlationId } = deadLetter;
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['id', deadLetter.id],
    ['message', deadLetter.messageId],
    ['subscription', deadLetter.subscription],
    ['type', deadLetter.type],
    ['key', deadLetter.key],
    ['group', deadLetter.group ?? '-'],
    ['status', status === 'open' && replays > 0 ? 'open, failed again after a replay' : status],
    ['reason', `${reason.code}: ${reason.message}`],
    ['failures', `${deadLetter.times}, the last at ${toSecond(deadLetter.failedAt)}`],
    [
      'replays',
      lastReplay === undefined
        ? '0'
        : `${replays}, the last at ${toSecond(lastReplay.at)} by ${lastReplay.userId}`,
    ],
    ...(correlationId === undefined ? [] : [['trace', `npm run trace -- ${correlationId}`] as const]),
    ...(notReplayable === undefined ? [] : [['not replayable', notReplayable.message] as const]),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`),
    '',
    ...table(deadLetter.history, historyColumns),
    '',
    ...bodyLines(body),
  ];
};

type Entry = DeadLetterDetails['history'][number];

const historyColumns = [
  { heading: 'at', text: ({ at }: Entry) => toSecond(at) },
  { heading: 'what', text: ({ kind }: Entry) => kind },
  { heading: 'by', text: ({ userId }: Entry) => userId ?? '' },
  {
    heading: 'why',
    text: ({ reason, movedFrom }: Entry) =>
      [reason?.code, reason?.message, movedFrom === undefined ? undefined : `(before in group ${movedFrom})`]
        .filter((each) => each !== undefined)
        .join(' '),
  },
];

/** Line ends are ours; in JSON text they are escaped. */
const bodyLines = ({ encoding, content }: DeadLetterDetails['body']): string[] =>
  encoding === 'json'
    ? JSON.stringify(content, null, 2).split('\n').map(printable)
    : [`base64: ${String(content)}`];
