import type { Contract, Registry, Subscription } from '@emporium/contracts';
import { exampleMessage, fieldRows, publishedSchema, publishersOf } from '@emporium/contracts/documents';
import { escaped, page } from '../admin/pages.ts';
import { flowSection } from './flow-section.ts';
import { code, details, link, preformatted, table } from './html.ts';

/** The page with every event, command and open stream: who publishes it, who listens, its fields and an example. */
export const eventsPage = (registry: Registry): string => {
  const owners = [...new Set(registry.contracts.map(({ owner }) => owner))].sort();
  return page(`
    <p>Every message of the shop, generated from its contracts. The same as an <a href="/docs/asyncapi.json">AsyncAPI document</a>;
      the API over HTTP is <a href="/docs/">here</a>.</p>
    <nav aria-label="Owners"><ul>${owners.map((owner) => `<li>${link(`of-${owner}`, owner)}</li>`).join('')}
      <li>${link('subscriptions', 'Subscriptions')}</li><li>${link('flow', 'What follows from what')}</li></ul></nav>
    ${owners.map((owner) => ownerSection(registry, owner)).join('')}
    <h2 id="subscriptions">Subscriptions</h2>
    ${table(['Subscription', 'Listens to', 'Order', 'Attempts'], registry.subscriptions.map(subscriptionRow))}
    ${flowSection(registry)}`);
};

const ownerSection = (registry: Registry, owner: string): string => {
  const own = registry.contracts
    .filter((contract) => contract.owner === owner)
    .toSorted((one, other) =>
      one.name === other.name ? other.version - one.version : one.name < other.name ? -1 : 1,
    );
  return `
    <h2 id="of-${escaped(owner)}">${escaped(owner)}</h2>
    ${own.map((contract) => contractSection(registry, contract)).join('')}`;
};

const contractSection = (registry: Registry, contract: Contract): string => {
  const { type, kind, key, codec, deprecated } = contract;
  const what = codec.kind === 'json' ? 'Open stream' : kind === 'event' ? 'Event' : 'Command';
  const facts: readonly (readonly [string, string])[] = [
    ['Kind', `${what}${deprecated ? ', <strong>deprecated</strong>' : ''}`],
    ['Versions', versionsOf(registry, contract)],
    ['Key', code(key)],
    [kind === 'event' ? 'Published by' : 'Sent by', publishersOf(contract).map(escaped).join(', ')],
    [kind === 'event' ? 'Subscriptions' : 'Handled by', subscribersOf(registry, contract)],
  ];
  const schema = publishedSchema(contract);
  return `
    <section aria-labelledby="${escaped(type)}">
      <h3 id="${escaped(type)}">${escaped(type)}</h3>
      <dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>
      ${table(['Field', 'Type', 'Required'], fieldRows(schema, code))}
      ${details('Example', json(exampleMessage(contract)))}
      ${details('JSON Schema of its data', json(schema))}
    </section>`;
};

const versionsOf = ({ contracts }: Registry, { name, version }: Contract): string =>
  contracts
    .filter((other) => other.name === name)
    .toSorted((one, other) => one.version - other.version)
    .map((other) => (other.version === version ? `${version}` : link(other.type, `${other.version}`)))
    .join(', ');

const subscribersOf = ({ subscriptions }: Registry, contract: Contract): string =>
  subscriptions
    .filter(({ to }) => to.includes(contract))
    .map(({ name }) => code(name))
    .join(', ') || 'none';

const subscriptionRow = ({ name, to, ordered, retry }: Subscription): string[] => [
  code(name),
  to.map(({ type }) => link(type, type)).join(', '),
  ordered ? 'per key' : 'none',
  `${retry.attempts}, ${retry.firstDelayMs} to ${retry.maxDelayMs} ms apart`,
];

const json = (value: object): string => preformatted(JSON.stringify(value, undefined, 2));
