import { type Contract, type PlainJson, services } from './define.ts';
import { carrierOf, type Subscription } from './subscription.ts';

/** What is wrong with the contracts of a registry by themselves, a line each. */
export const contractViolations = (contracts: readonly Contract[]): string[] => [
  ...doubled(contracts.map(({ type }) => type)).map((type) => `${type} is defined twice`),
  ...contracts.flatMap((contract) => [
    ...definitionViolations(contract),
    ...(contract.version === 1 ? firstVersionViolations(contract) : laterVersionViolations(contract)),
  ]),
];

/** What is wrong with the subscriptions of a registry, and with commands that have not exactly one. */
export const subscriptionViolations = (
  contracts: readonly Contract[],
  subscriptions: readonly Subscription[],
): string[] => [
  ...doubled(subscriptions.map(({ name }) => name)).map((name) => `${name} is subscribed twice`),
  ...subscriptions.flatMap((subscription) => [
    ...namingViolations(subscription),
    ...retryViolations(subscription),
    ...subscription.to.flatMap((contract) => listeningViolations(contracts, subscription, contract)),
  ]),
  ...contracts
    .filter(({ kind }) => kind === 'command')
    .map((contract) => ({ contract, handlers: subscriptions.filter(({ to }) => to.includes(contract)) }))
    .filter(({ handlers }) => handlers.length !== 1)
    .map(
      ({ contract, handlers }) =>
        `${contract.type}: a command has one subscription, it has ${handlers.length}`,
    ),
];

const definitionViolations = ({
  type,
  name,
  version,
  kind,
  owner,
  senders,
  key,
  codec,
  schema,
}: Contract): string[] => [
  ...when(!services.includes(owner), `${type}: its owner ${owner} is no service`),
  ...senders
    .filter((sender) => !services.includes(sender))
    .map((sender) => `${type}: its sender ${sender} is no service`),
  ...when(kind === 'command' && senders.length === 0, `${type}: nobody may send it`),
  ...when(!isCount(version), `${type}: its version ${version} is no whole number from 1`),
  ...(codec.kind === 'json'
    ? streamViolations(name, key, codec, schema)
    : [
        ...when(!/^[a-z][a-z-]*\.[a-z][a-z-]*$/.test(name), `${name}: a name reads 'noun.verb'`),
        ...when(!isAlwaysText(schema, key), `${type}: its key ${key} is no field that is always a string`),
      ]),
];

const streamViolations = (
  name: string,
  key: string,
  { identity, time }: PlainJson,
  schema: Contract['schema'],
): string[] => [
  ...when(
    !/^[a-z][a-z0-9_]*$/.test(name),
    `${name}: a stream's name has small letters, digits and underscores`,
  ),
  ...when(
    identity.length === 0,
    `${name}: nothing tells one of its messages from another; name its identity`,
  ),
  ...[...new Set([key, ...identity])]
    .filter((field) => !isAlwaysText(schema, field) && !isAlwaysWhole(schema, field))
    .map((field) => `${name}: its ${field} is no field that is always a string or a whole number`),
  ...when(
    !isAlwaysWhole(schema, time),
    `${name}: its time ${time} is no field that is always a whole number`,
  ),
];

const firstVersionViolations = ({ type, upcast }: Contract): string[] =>
  when(upcast !== undefined, `${type}: version 1 has nothing to upcast from`);

const laterVersionViolations = ({ type, name, version, kind, key, upcast }: Contract): string[] => {
  if (!isCount(version)) return [];
  const from = upcast?.from;
  if (from?.name !== name || from.version !== version - 1) {
    return [`${type}: it needs an upcaster from version ${version - 1} of ${name}`];
  }
  return [
    ...when(
      kind !== from.kind,
      `${type}: it is ${an(kind)}, and version ${from.version} is ${an(from.kind)}`,
    ),
    ...when(
      key !== from.key,
      `${type}: its key ${key} differs from ${from.key} of version ${from.version}, and the subject of a message stays the same`,
    ),
  ];
};

const namingViolations = ({ name, service, to }: Subscription): string[] => {
  if (!services.includes(service)) return [`${name}: ${service} is no service`];
  const reads = name.startsWith(`${service}.`) && /^[a-z0-9-]+$/.test(name.slice(service.length + 1));
  return [
    ...when(!reads, `${name}: a name reads '${service}.what', in small letters, digits and dashes`),
    ...when(to.length === 0, `${name} listens to nothing`),
    ...when(
      to.length > 1 && to.some((contract) => carrierOf(contract) === 'stream'),
      `${name}: a value of an open stream tells no type; listen to it alone`,
    ),
    ...doubled(to.map(({ type }) => type)).map((type) => `${name} lists ${type} twice`),
  ];
};

const retryViolations = ({ name, retry: { attempts, firstDelayMs, maxDelayMs } }: Subscription): string[] =>
  when(
    !(isCount(attempts) && firstDelayMs >= 0 && maxDelayMs >= firstDelayMs),
    `${name}: its retry policy: attempts are whole from 1, and delays go from 0 up to the longest`,
  );

const listeningViolations = (
  contracts: readonly Contract[],
  { name, service }: Subscription,
  contract: Contract,
): string[] => [
  ...when(!contracts.includes(contract), `${name}: ${contract.type} is not registered`),
  ...when(
    contract.kind === 'command' && contract.owner !== service,
    `${name}: only ${contract.owner} handles ${contract.type}`,
  ),
];

/** Only a text that is always there can be the subject of a message. */
const isAlwaysText = ({ shape }: Contract['schema'], key: string): boolean => {
  const type = Object.hasOwn(shape, key) ? shape[key]?._zod.def.type : undefined;
  return type === 'string' || type === 'enum';
};

const isAlwaysWhole = ({ shape }: Contract['schema'], key: string): boolean => {
  const def = Object.hasOwn(shape, key) ? shape[key]?._zod.def : undefined;
  return def?.type === 'number' && 'format' in def && def.format === 'safeint';
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

const an = (kind: Contract['kind']): string => (kind === 'event' ? 'an event' : 'a command');

const when = (wrong: boolean, violation: string): string[] => (wrong ? [violation] : []);

const doubled = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
];
