import { type Command, CommandError, call, type Invocation, type Outcome } from '../run-command.ts';
import { printable, table } from '../table.ts';

/** A subscription as `GET /api/admin/subscriptions` shows it. */
interface SubscriptionView {
  readonly name: string;
  readonly service: string;
  readonly ordered: boolean;
  readonly contracts: readonly string[];
  readonly state: 'active' | 'paused';
  readonly since?: string;
  readonly by?: string;
  readonly reason?: string;
}

/** What waits, as `GET /api/admin/queues` shows it. */
interface QueuesView {
  readonly brokers: readonly { readonly name: string; readonly up: boolean; readonly problem?: string }[];
  readonly queues: readonly QueueView[];
}

interface QueueView {
  readonly subscription: string;
  readonly waiting: number;
  readonly unacked?: number;
}

const path = '/api/admin/subscriptions';
const queuesPath = '/api/admin/queues';
const pathOf = (name = ''): string => `${path}/${encodeURIComponent(name)}`;
const reason = { reason: { type: 'string' } } as const;

const list = async ({ client, json, print }: Invocation): Promise<Outcome> => {
  const body = await call<{ subscriptions: readonly SubscriptionView[] }>(client, 'GET', path);
  const { brokers, queues } = await call<QueuesView>(client, 'GET', queuesPath);
  if (json) print(JSON.stringify({ ...body, queues }));
  else for (const line of tableOf(body.subscriptions, queues)) print(line);
  if (!json)
    for (const { name, problem = 'no reason given' } of brokers.filter(({ up }) => !up))
      print(printable(`What waits on ${name} cannot be read: ${problem}`));
  return 'done';
};

const queuesOf = async (client: Invocation['client']): Promise<readonly QueueView[]> =>
  (await call<QueuesView>(client, 'GET', queuesPath)).queues;

const show = async ({ client, json, print, positionals: [name] }: Invocation): Promise<Outcome> => {
  const view = await call<SubscriptionView>(client, 'GET', pathOf(name));
  if (json) print(JSON.stringify(view));
  else
    for (const line of [
      ...tableOf([view], await queuesOf(client)),
      '',
      printable(`It listens to ${view.contracts.join(', ')}.`),
    ])
      print(line);
  return 'done';
};

const pause = async (invocation: Invocation): Promise<Outcome> => {
  const { values, positionals } = invocation;
  if (values['reason'] === undefined)
    throw new CommandError(`--reason is missing\nusage: npm run subscriptions -- ${usages.pause}`, 64);
  const { name } = await change(invocation, `${pathOf(positionals[0])}/pause`);
  if (!invocation.json)
    invocation.print(
      `${name} is paused: its instances stop within a few seconds, and its messages are kept.`,
    );
  return 'done';
};

const resume = async (invocation: Invocation): Promise<Outcome> => {
  const { name } = await change(invocation, `${pathOf(invocation.positionals[0])}/resume`);
  if (!invocation.json) invocation.print(`${name} is resumed: its instances go on within a few seconds.`);
  return 'done';
};

const change = async ({ client, json, print, values }: Invocation, address: string) => {
  const view = await call<SubscriptionView>(client, 'POST', address, { ...values });
  if (json) print(JSON.stringify(view));
  return view;
};

const tableOf = (
  subscriptions: readonly SubscriptionView[],
  queues: readonly QueueView[],
): readonly string[] => {
  const figures = new Map(queues.map((queue) => [queue.subscription, queue]));
  return table(subscriptions, [
    { heading: 'subscription', text: ({ name }) => name },
    { heading: 'order', text: ({ ordered }) => (ordered ? 'per key' : '-') },
    { heading: 'state', text: ({ state }) => state },
    { heading: 'waiting', text: ({ name }) => countOf(figures.get(name)?.waiting), alignRight: true },
    { heading: 'unacked', text: ({ name }) => countOf(figures.get(name)?.unacked), alignRight: true },
    { heading: 'since', text: ({ since = '-' }) => since },
    { heading: 'by', text: ({ by = '-' }) => by },
    { heading: 'reason', text: ({ reason = '-' }) => reason },
  ]);
};

const countOf = (count: number | undefined): string => (count === undefined ? '-' : String(count));

const usages = {
  pause: 'pause <name> --reason <text>',
  resume: 'resume <name> [--reason <text>]',
};
const one = { positionals: { min: 1, max: 1 } };

/** Does from a terminal what `/api/admin/subscriptions` does. */
export const subscriptions: Command = {
  name: 'subscriptions',
  subcommands: {
    list: {
      usage: 'list',
      summary: 'lists the subscriptions of all services, which are paused, and what waits for them',
      run: list,
    },
    show: { usage: 'show <name>', summary: 'shows one', ...one, run: show },
    pause: {
      usage: usages.pause,
      summary: 'pauses one: all instances of its service stop handling its messages',
      ...one,
      options: reason,
      run: pause,
    },
    resume: { usage: usages.resume, summary: 'resumes one', ...one, options: reason, run: resume },
  },
};
