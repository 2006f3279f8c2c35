import { type Command, CommandError, call, type Invocation, type Subcommand } from '../run-command.ts';
import type { Attempt, Delivery, DeliveryDetail, Webhook, WebhookDetail } from './views.ts';
import { deliveryLines, deliveryTable, detailLines, webhookTable } from './webhook-lines.ts';

const path = '/api/admin/webhooks';
const one = { min: 1, max: 1 };

const list: Subcommand = {
  usage: 'list',
  summary: 'the webhooks, and how many of their deliveries are pending and failed',
  run: async ({ json, client, print }) => {
    const answer = await call<{ webhooks: readonly Webhook[] }>(client, 'GET', path);
    if (json) return printJson(print, answer);
    if (answer.webhooks.length === 0) print('there are none');
    else for (const line of webhookTable(answer.webhooks)) print(line);
    return 'done';
  },
};

const add: Subcommand = {
  usage: 'add <url> --events <all|type,type,…> [--description <text>]',
  summary: 'registers a webhook, and prints its secret, once',
  positionals: one,
  options: { events: { type: 'string' }, description: { type: 'string' } },
  run: async ({ positionals: [url], values: { events, description }, json, client, print }) => {
    if (typeof events !== 'string')
      throw new CommandError(
        `--events is missing: all, or types\nusage: npm run webhooks -- ${add.usage}`,
        64,
      );
    const types = events === 'all' ? events : events.split(',').map((type) => type.trim());
    const body = { url, events: types, ...(description === undefined ? {} : { description }) };
    const added = await call<Webhook & { secret: string }>(client, 'POST', path, body);
    if (json) return printJson(print, added);
    print(`${added.id} is registered`);
    print(`${added.secret} is its secret: it is not shown again`);
    return 'done';
  },
};

const show: Subcommand = {
  usage: 'show <id>',
  summary: 'how it does, and what was done to it',
  positionals: one,
  run: async ({ positionals, json, client, print }) => {
    const webhook = await call<WebhookDetail>(client, 'GET', addressOf(positionals));
    if (json) return printJson(print, webhook);
    for (const line of detailLines(webhook)) print(line);
    return 'done';
  },
};

const remove: Subcommand = {
  usage: 'remove <id>',
  summary: 'removes it with its deliveries',
  positionals: one,
  run: async ({ positionals, json, client, print }) => {
    await call(client, 'DELETE', addressOf(positionals));
    if (json) return printJson(print, {});
    print(`${positionals[0]} is removed`);
    return 'done';
  },
};

const enable: Subcommand = {
  usage: 'enable <id>',
  summary: 'enables it: what has waited is sent at once',
  positionals: one,
  run: (invocation) => setEnabled(invocation, true),
};

const disable: Subcommand = {
  usage: 'disable <id>',
  summary: 'disables it: its open deliveries wait, and there are no new ones',
  positionals: one,
  run: (invocation) => setEnabled(invocation, false),
};

const test: Subcommand = {
  usage: 'test <id>',
  summary: 'sends it a webhook.test event now; exit code 1 when it does not arrive',
  positionals: one,
  run: async ({ positionals, json, client, print }) => {
    const tested = await call<Attempt & { outcome: string }>(
      client,
      'POST',
      `${addressOf(positionals)}/test`,
    );
    if (json) printJson(print, tested);
    else
      print(
        `${tested.outcome} in ${tested.durationMs} ms: ${tested.reason ?? `it answered ${tested.status}`}`,
      );
    return tested.outcome === 'delivered' ? 'done' : 'failed';
  },
};

const rotateSecret: Subcommand = {
  usage: 'rotate-secret <id>',
  summary: 'makes a new secret and prints it, once; for a day both are used',
  positionals: one,
  run: async ({ positionals, json, client, print }) => {
    const address = `${addressOf(positionals)}/rotate-secret`;
    const rotated = await call<Webhook & { secret: string }>(client, 'POST', address);
    if (json) return printJson(print, rotated);
    print(`${rotated.secret} is its secret: it is not shown again`);
    print(`the one before is used too until ${rotated.previousSecretUntil}`);
    return 'done';
  },
};

const deliveries: Subcommand = {
  usage: 'deliveries <id> [--status <pending|delivered|failed>] [--limit <n>]',
  summary: 'its deliveries, the newest first',
  positionals: one,
  options: { status: { type: 'string' }, limit: { type: 'string' } },
  run: async ({ positionals, values, json, client, print }) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) if (typeof value === 'string') query.set(name, value);
    const page = await call<{ deliveries: readonly Delivery[]; next?: string }>(
      client,
      'GET',
      `${addressOf(positionals)}/deliveries?${query}`,
    );
    if (json) return printJson(print, page);
    if (page.deliveries.length === 0) print('there are none');
    else for (const line of deliveryTable(page.deliveries)) print(line);
    if (page.next !== undefined) print('there are more: use --limit');
    return 'done';
  },
};

const delivery: Subcommand = {
  usage: 'delivery <delivery>',
  summary: 'its attempts and its payload',
  positionals: one,
  run: async ({ positionals, json, client, print }) => {
    const found = await call<DeliveryDetail>(client, 'GET', deliveryAddressOf(positionals));
    if (json) return printJson(print, found);
    for (const line of deliveryLines(found)) print(line);
    return 'done';
  },
};

const resend: Subcommand = {
  usage: 'resend <delivery>',
  summary: 'sends a delivery again, under the same webhook-id',
  positionals: one,
  run: async ({ positionals, json, client, print }) => {
    const sent = await call<Delivery>(client, 'POST', `${deliveryAddressOf(positionals)}/resend`);
    if (json) return printJson(print, sent);
    print(`${sent.id} is sent again`);
    return 'done';
  },
};

interface Resent {
  readonly resent: number;
  readonly isLimited: boolean;
  /** Where the next request goes on. */
  readonly next?: string;
}

const resendAll: Subcommand = {
  usage: 'resend-all <id> --since <time> [--status <failed|delivered>]',
  summary: 'sends the failed deliveries of a webhook again, of events since a time',
  positionals: one,
  options: { since: { type: 'string' }, status: { type: 'string' } },
  run: async ({ positionals, values, json, client, print, signal }) => {
    const address = `${addressOf(positionals)}/resend`;
    const pages: Resent[] = [];
    let after: string | undefined;
    do {
      const page = await call<Resent>(client, 'POST', address, {
        ...values,
        ...(after === undefined ? {} : { after }),
      });
      pages.push(page);
      if (!json)
        print(`${page.resent} deliveries are sent again${page.isLimited ? '; there may be more' : ''}`);
      after = page.next;
    } while (after !== undefined && !signal.aborted);
    const resent = pages.reduce((sum, page) => sum + page.resent, 0);
    if (json) return printJson(print, { ...pages.at(-1), resent });
    return 'done';
  },
};

/** `npm run webhooks -- …`: what the routes below `/api/admin/webhooks` do. */
export const webhooks: Command = {
  name: 'webhooks',
  subcommands: {
    list,
    add,
    show,
    remove,
    enable,
    disable,
    test,
    'rotate-secret': rotateSecret,
    deliveries,
    delivery,
    resend,
    'resend-all': resendAll,
  },
};

const addressOf = ([id = '']: readonly string[]): string => `${path}/${encodeURIComponent(id)}`;

const deliveryAddressOf = ([id = '']: readonly string[]): string =>
  `${path}/deliveries/${encodeURIComponent(id)}`;

const setEnabled = async ({ positionals, json, client, print }: Invocation, enabled: boolean) => {
  const changed = await call<Webhook>(client, 'PUT', addressOf(positionals), { enabled });
  if (json) return printJson(print, changed);
  print(
    `${changed.id} is ${enabled ? 'enabled' : 'disabled'}; ${changed.deliveries.pending} deliveries are pending`,
  );
  return 'done';
};

const printJson = (print: Invocation['print'], value: object) => {
  print(JSON.stringify(value, undefined, 2));
  return 'done' as const;
};
