import { type Command, CommandError, call, type Invocation, type Subcommand } from '../run-command.ts';
import { detailLines, listLines } from './saga-lines.ts';
import type { RepairedSaga, SagaDetail, SagaSummary } from './views.ts';

const path = '/api/admin/sagas';
const one = { min: 1, max: 1 };

const list: Subcommand = {
  usage:
    'list [--saga <name>] [--state <state>] [--step <step>] [--older-than <30s|10m|2h|1d>] [--limit <n>]',
  summary: 'those that have not ended, or those in a state: overdue first, then the oldest',
  options: {
    saga: { type: 'string' },
    state: { type: 'string' },
    step: { type: 'string' },
    'older-than': { type: 'string' },
    limit: { type: 'string' },
  },
  run: async ({ values, json, client, print }) => {
    const query = new URLSearchParams();
    for (const [option, value] of Object.entries(values)) {
      if (typeof value === 'string') query.set(option === 'older-than' ? 'olderThan' : option, value);
    }
    const page = await readPages(client, query);
    if (json) return printJson(print, page);
    if (page.sagas.length === 0) print('there are none');
    else for (const line of listLines(page.sagas, new Date())) print(line);
    if (page.next !== undefined) print('there are more: use --limit');
    return 'done';
  },
};

interface Page {
  readonly sagas: readonly SagaSummary[];
  readonly next?: string;
}

/** The maximum of a page. */
const maxPage = 1_000;

/** Reads as many pages as a limit of more than one needs. */
const readPages = async (client: Invocation['client'], query: URLSearchParams): Promise<Page> => {
  const text = query.get('limit') ?? '';
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0; // the shop refuses a limit that is not a number
  if (limit <= maxPage) return call<Page>(client, 'GET', `${path}?${query}`);
  const sagas: SagaSummary[] = [];
  let next: string | undefined = `${path}?${query}`;
  while (next !== undefined && sagas.length < limit) {
    const parameters = new URLSearchParams(next.split('?')[1]);
    parameters.set('limit', String(Math.min(maxPage, limit - sagas.length)));
    const page: Page = await call<Page>(client, 'GET', `${path}?${parameters}`);
    sagas.push(...page.sagas);
    next = page.next;
  }
  return { sagas, ...(next === undefined ? {} : { next }) };
};

const show: Subcommand = {
  usage: 'show <id>',
  summary: 'its steps, what is next, why it is parked, and what can be done',
  positionals: one,
  run: async ({ positionals, json, client, print }) => {
    const saga = await call<SagaDetail>(client, 'GET', addressOf(positionals));
    if (json) return printJson(print, saga);
    for (const line of detailLines(saga, new Date())) print(line);
    return 'done';
  },
};

const retry: Subcommand = {
  usage: 'retry <id> [--note <why>]',
  summary: 'sends the pending command of a parked saga again',
  positionals: one,
  options: { note: { type: 'string' } },
  run: (invocation) => act(invocation, 'retry', noteOf(invocation)),
};

const compensate: Subcommand = {
  usage: 'compensate <id> --note <why>',
  summary: 'compensates an order that was not shipped, which somebody has checked',
  positionals: one,
  options: { note: { type: 'string' } },
  run: (invocation) => act(invocation, 'compensate', requiredNote(invocation, compensate)),
};

const resolve: Subcommand = {
  usage: 'resolve <id> --note <why> [--outcome done|abandoned]',
  summary: 'continues without the pending command: it was done by hand, or a refund is abandoned',
  positionals: one,
  options: { note: { type: 'string' }, outcome: { type: 'string' } },
  run: (invocation) => {
    const { outcome } = invocation.values;
    const body = requiredNote(invocation, resolve);
    return act(invocation, 'resolve', outcome === undefined ? body : { ...body, outcome });
  },
};

/** `npm run sagas -- …`: what the routes below `/api/admin/sagas` do. */
export const sagas: Command = { name: 'sagas', subcommands: { list, show, retry, compensate, resolve } };

const addressOf = ([id = '']: readonly string[]): string => `${path}/${encodeURIComponent(id)}`;

const noteOf = ({ values: { note } }: Invocation): { note?: string } =>
  typeof note === 'string' ? { note } : {};

const requiredNote = (invocation: Invocation, { usage }: Subcommand): { note?: string } => {
  const body = noteOf(invocation);
  if (body.note === undefined)
    throw new CommandError(`--note is missing: it says why\nusage: npm run sagas -- ${usage}`, 64);
  return body;
};

const act = async ({ positionals, json, client, print }: Invocation, action: string, body: object) => {
  const done = await call<RepairedSaga>(client, 'POST', `${addressOf(positionals)}/${action}`, body);
  if (json) return printJson(print, done);
  print(`${done.saga} ${done.id} is ${done.state}`);
  return 'done';
};

const printJson = (print: Invocation['print'], value: object) => {
  print(JSON.stringify(value, undefined, 2));
  return 'done' as const;
};
