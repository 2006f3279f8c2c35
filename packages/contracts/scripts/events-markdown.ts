import { fieldRows, publishedSchema } from '../src/documents/index.ts';
import type { Contract, Registry, RetryPolicy, Subscription } from '../src/index.ts';
import { code, table } from './markdown.ts';

/** The Markdown page with all contracts and subscriptions. */
export const eventsMarkdown = (registry: Registry): string => {
  const byName = registry.contracts.toSorted((one, other) => (one.type < other.type ? -1 : 1));
  return [
    '# Events, commands and subscriptions',
    '',
    'Generated from the registry by `npm run events` in `packages/contracts`; a test fails when it is out of date.',
    'The [README of contracts](../packages/contracts/README.md) explains the columns.',
    '',
    '## Events',
    '',
    ...table(
      ['event', 'key', 'published by', 'subscriptions'],
      byName.filter(isEvent).map((contract) => eventRow(registry, contract)),
    ),
    '',
    '## Open streams',
    '',
    'Plain JSON on a topic of this name, which any client may write and read. The key is the value of its field, as text.',
    '',
    ...table(
      ['stream', 'key', 'identity', 'written by', 'subscriptions'],
      byName.flatMap((contract) => streamRows(registry, contract)),
    ),
    '',
    '## Commands',
    '',
    ...table(
      ['command', 'key', 'sent by', 'handled by'],
      byName.filter(({ kind }) => kind === 'command').map((contract) => commandRow(registry, contract)),
    ),
    '',
    '## Subscriptions',
    '',
    ...table(['subscription', 'listens to', 'order', 'retry'], registry.subscriptions.map(subscriptionRow)),
    '',
    '## Fields',
    '',
    ...byName.flatMap((contract) => [`### ${contract.type}`, '', ...fieldsTable(contract), '']),
  ].join('\n');
};

const isEvent = ({ kind, codec }: Contract): boolean => kind === 'event' && codec.kind === 'cloudevents';

const streamRows = (registry: Registry, contract: Contract): string[][] =>
  contract.codec.kind === 'json'
    ? [
        [
          linked(contract),
          `\`${contract.key}\``,
          contract.codec.identity.map((field) => `\`${field}\``).join(', '),
          `${contract.owner}, and third parties`,
          subscribers(registry, contract) || 'none',
        ],
      ]
    : [];

const eventRow = (registry: Registry, contract: Contract): string[] => [
  `${linked(contract)}${contract.deprecated ? ' (deprecated)' : ''}`,
  `\`${contract.key}\``,
  contract.owner,
  subscribers(registry, contract) || 'none',
];

const commandRow = (registry: Registry, contract: Contract): string[] => [
  `${linked(contract)}${contract.deprecated ? ' (deprecated)' : ''}`,
  `\`${contract.key}\``,
  contract.senders.join(', '),
  subscribers(registry, contract),
];

const subscriptionRow = ({ name, to, ordered, retry }: Subscription): string[] => [
  `\`${name}\``,
  to.map(linked).join(', '),
  ordered ? 'per key' : 'none',
  retryText(retry),
];

const retryText = ({ attempts, firstDelayMs, maxDelayMs }: RetryPolicy): string =>
  `${attempts} attempts, ${firstDelayMs} to ${maxDelayMs} ms`;

const subscribers = ({ subscriptions }: Registry, contract: Contract): string =>
  subscriptions
    .filter(({ to }) => to.includes(contract))
    .map(({ name }) => `\`${name}\``)
    .join(', ');

/** GitHub removes the dots from the anchor of a heading. */
const linked = ({ type }: Contract): string => `[\`${type}\`](#${type.replaceAll('.', '')})`;

const fieldsTable = (contract: Contract): string[] =>
  table(['field', 'type', 'required'], fieldRows(publishedSchema(contract), code));
