import { CommandError, call, type Invocation, type SingleCommand } from '../run-command.ts';
import type { TraceAnswer, TraceList } from './answers.ts';
import { listLines, traceLines } from './trace-lines.ts';

const usage = '(<correlation id> | --trace <trace id> | --last [<n>])';

/** Prints what followed from one request, in all services. */
export const trace: SingleCommand = {
  name: 'trace',
  usage,
  summary:
    'what followed from one request as a tree; or with --last the newest traces, 20 unless a number is given',
  positionals: { min: 0, max: 1 },
  options: { trace: { type: 'string' }, last: { type: 'boolean' } },
  run: async ({ positionals, values, json, client, print, colours = false }) => {
    const path = pathOf(positionals, values);
    const answer = await call<TraceAnswer | TraceList>(client, 'GET', path);
    if (json) print(JSON.stringify(answer, undefined, 2));
    else
      for (const line of 'deadLetters' in answer ? traceLines(answer, colours) : listLines(answer))
        print(line);
    return 'done';
  },
};

const pathOf = ([argument]: readonly string[], { trace: traceId, last }: Invocation['values']): string => {
  if (last === true && traceId === undefined)
    return `/api/admin/traces${argument === undefined ? '' : `?limit=${encodeURIComponent(argument)}`}`;
  if (typeof traceId === 'string' && last !== true && argument === undefined)
    return `/api/admin/traces/${encodeURIComponent(traceId)}`;
  if (argument === undefined || last === true || traceId !== undefined)
    throw new CommandError(`give one of them\nusage: npm run trace -- ${usage}`, 64);
  return `/api/admin/trace/${encodeURIComponent(argument)}`;
};
