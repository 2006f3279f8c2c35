import type { Contract } from '../define.ts';
import type { Registry } from '../registry.ts';
import type { Subscription } from '../subscription.ts';
import { envelopeSchema } from './envelope-schema.ts';
import { exampleMessage } from './examples.ts';
import { publishedSchema } from './published-schema.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * The AsyncAPI 3 document of a registry: a channel for each version of each contract, an operation for each service that publishes,
 * sends or subscribes, and an example of each message. https://www.asyncapi.com/docs/reference/specification/v3.1.0
 */
export const asyncapi = ({ contracts, subscriptions }: Registry): Json => {
  const sorted = contracts.toSorted((one, other) => (one.type < other.type ? -1 : 1));
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Emporium',
      version: '1',
      description:
        'Every event, command and open stream of the shop. The address of a channel is the type of its messages; how it becomes a ' +
        'topic, an exchange or a stream is up to the broker in use.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: byType(sorted, channelOf),
    operations: Object.fromEntries([
      ...sorted.flatMap((contract) => publishersOf(contract).map((service) => sending(service, contract))),
      ...subscriptions.flatMap((subscription) =>
        subscription.to.map((contract) => receiving(subscription, contract)),
      ),
    ]),
    components: {
      messages: byType(sorted, messageOf),
      schemas: { envelope: envelopeSchema, ...byType(sorted, dataSchemaOf) },
    },
  };
};

/** The services that put messages of a contract on the broker. */
export const publishersOf = ({ kind, owner, senders }: Contract): readonly string[] =>
  kind === 'event' ? [owner] : senders;

const byType = (contracts: readonly Contract[], of: (contract: Contract) => Json): Json =>
  Object.fromEntries(contracts.map((contract) => [contract.type, of(contract)]));

const channelOf = ({ type, kind, owner }: Contract): Json => ({
  address: type,
  title: type,
  summary: kind === 'event' ? `Published by ${owner}` : `Handled by ${owner}`,
  messages: { [type]: { $ref: `#/components/messages/${type}` } },
});

const messageOf = (contract: Contract): Json => {
  const { type, name, version, kind, owner, deprecated, codec } = contract;
  const what = codec.kind === 'json' ? 'An open stream' : kind === 'event' ? 'An event' : 'A command';
  return {
    name: type,
    title: type,
    summary: `${what} of ${owner}, version ${version}${deprecated ? ', deprecated' : ''}`,
    tags: [{ name: owner }, { name: kind }, ...(deprecated ? [{ name: 'deprecated' }] : [])],
    payload: payloadOf(contract),
    examples: [{ name: `${name} ${version}`, payload: exampleMessage(contract) }],
    'x-deprecated': deprecated,
  };
};

const payloadOf = ({ type, codec }: Contract): Json => {
  const data = { $ref: `#/components/schemas/${type}` };
  if (codec.kind === 'json') return data;
  return {
    allOf: [
      { $ref: '#/components/schemas/envelope' },
      { type: 'object', required: ['data'], properties: { type: { const: type }, data } },
    ],
  };
};

/** Without the identifier, which the parser would take for an address to load references from. */
const dataSchemaOf = (contract: Contract): Json => {
  const { $schema: _, $id, ...schema } = publishedSchema(contract);
  return { ...schema, 'x-id': $id };
};

const operation = (
  action: 'send' | 'receive',
  { type }: Contract,
  service: string,
  summary: string,
): Json => ({
  action,
  channel: { $ref: `#/channels/${type}` },
  messages: [{ $ref: `#/channels/${type}/messages/${type}` }],
  summary,
  tags: [{ name: service }],
});

const sending = (service: string, contract: Contract): readonly [string, Json] => {
  const verb = contract.kind === 'event' ? 'publishes' : 'sends';
  return [
    `${service}-${verb}-${contract.type}`,
    operation('send', contract, service, `${service} ${verb} ${contract.type}`),
  ];
};

const receiving = ({ name, service, ordered }: Subscription, contract: Contract): readonly [string, Json] => [
  `${name}-receives-${contract.type}`,
  operation(
    'receive',
    contract,
    service,
    `The subscription ${name} receives ${contract.type}${ordered ? ', in order per key' : ''}`,
  ),
];
