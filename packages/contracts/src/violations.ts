import { type Contract, type PlainJson, services } from './define.ts';
import { carrierOf, type Subscription } from './subscription.ts';

/** The violations in the contracts of a registry, one line each. */
export const contractViolations = (contracts: readonly Contract[]): string[] => [
  ...duplicates(contracts.map(({ type }) => type)).map((type) => `${type} is defined twice`),
  ...contracts.flatMap((contract) => [
    ...definitionViolations(contract),
    ...(contract.version === 1 ? firstVersionViolations(contract) : laterVersionViolations(contract)),
    ...deprecationViolations(contract, contracts),
  ]),
];

/** The violations in the subscriptions of a registry, including commands that do not have exactly one. */
export const subscriptionViolations = (
  contracts: readonly Contract[],
  subscriptions: readonly Subscription[],
): string[] => [
  ...duplicates(subscriptions.map(({ name }) => name)).map((name) => `${name} is subscribed twice`),
  ...subscriptions.flatMap((subscription) => [
    ...namingViolations(subscription),
    ...retryViolations(subscription),
    ...subscription.to.flatMap((contract) => listeningViolations(contracts, subscription, contract)),
    ...olderVersionViolations(contracts, subscription),
  ]),
  ...contracts
    .filter(({ kind }) => kind === 'command')
    .map((contract) => ({ contract, handlers: subscriptions.filter(({ to }) => to.includes(contract)) }))
    .filter(({ handlers }) => handlers.length !== 1)
    .map(
      ({ contract, handlers }) =>
        `${contract.type}: a command must have one subscription, it has ${handlers.length}`,
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
  ...when(!services.includes(owner), `${type}: its owner ${owner} is not a service`),
  ...senders
    .filter((sender) => !services.includes(sender))
    .map((sender) => `${type}: its sender ${sender} is not a service`),
  ...when(kind === 'command' && senders.length === 0, `${type}: it has no senders`),
  ...when(!isCount(version), `${type}: its version ${version} is not a whole number from 1`),
  ...(codec.kind === 'json'
    ? streamViolations(name, key, codec, schema)
    : [
        ...when(!/^[a-z][a-z-]*\.[a-z][a-z-]*$/.test(name), `${name}: a name must read 'noun.verb'`),
        ...when(!isRequiredText(schema, key), `${type}: its key ${key} is not a required string field`),
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
    `${name}: a stream's name must consist of small letters, digits and underscores`,
  ),
  ...when(identity.length === 0, `${name}: it has no identity fields`),
  ...[...new Set([key, ...identity])]
    .filter((field) => !isRequiredText(schema, field) && !isRequiredInteger(schema, field))
    .map((field) => `${name}: its ${field} is not a required string or integer field`),
  ...when(
    time !== undefined && !isRequiredInteger(schema, time),
    `${name}: its time ${time} is not a required integer field`,
  ),
];

const firstVersionViolations = ({ type, upcast }: Contract): string[] =>
  when(upcast !== undefined, `${type}: version 1 has nothing to upcast from`);

const laterVersionViolations = ({ type, name, version, kind, key, upcast, replaces }: Contract): string[] => {
  if (!isCount(version)) return [];
  const from = upcast?.from ?? replaces;
  if (from?.name !== name || from.version !== version - 1) {
    return [`${type}: it needs an upcaster from version ${version - 1} of ${name}`];
  }
  return [
    ...when(
      kind !== from.kind,
      `${type}: it is ${an(kind)}, but version ${from.version} is ${an(from.kind)}`,
    ),
    ...when(
      key !== from.key,
      `${type}: its key ${key} differs from ${from.key} of version ${from.version}, but the subject of a message must stay the same`,
    ),
  ];
};

/** An event that is deprecated is derived from the newer version when that is published. */
const deprecationViolations = (
  { type, name, version, kind, deprecated }: Contract,
  contracts: readonly Contract[],
): string[] => {
  const newer = contracts.find((other) => other.name === name && other.version === version + 1);
  return when(
    deprecated && kind === 'event' && newer !== undefined && newer.downcast === undefined,
    `${newer?.type}: it needs a downcast to version ${version}: ${type} is deprecated, and so published with it`,
  );
};

const namingViolations = ({ name, service, to, ordered, backfill }: Subscription): string[] => {
  if (!services.includes(service)) return [`${name}: ${service} is not a service`];
  const isNamed = name.startsWith(`${service}.`) && /^[a-z0-9-]+$/.test(name.slice(service.length + 1));
  return [
    ...when(!isNamed, `${name}: a name must read '${service}.what', in small letters, digits and dashes`),
    ...when(to.length === 0, `${name} listens to nothing`),
    ...when(ordered && backfill, `${name}: what is published again comes in no order, and it is ordered`),
    ...when(
      to.length > 1 && to.some((contract) => carrierOf(contract) === 'stream'),
      `${name}: a subscription to an open stream must list nothing else`,
    ),
    ...duplicates(to.map(({ type }) => type)).map((type) => `${name} lists ${type} twice`),
  ];
};

const retryViolations = ({ name, retry: { attempts, firstDelayMs, maxDelayMs } }: Subscription): string[] =>
  when(
    !(isCount(attempts) && firstDelayMs >= 0 && maxDelayMs >= firstDelayMs),
    `${name}: its retry policy: attempts must be a whole number from 1, and 0 <= firstDelayMs <= maxDelayMs`,
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

/** Earlier releases of the publisher, and dead letters, still have the older versions. */
const olderVersionViolations = (contracts: readonly Contract[], { name, to }: Subscription): string[] =>
  to.flatMap(({ type, upcast }) =>
    when(
      upcast !== undefined && contracts.includes(upcast.from) && !to.includes(upcast.from),
      `${name}: it lists ${type} without ${upcast?.from.type}, which earlier releases still publish: list both, the handler of the newer takes them`,
    ),
  );

/** The subject of a message must always be present. */
const isRequiredText = ({ shape }: Contract['schema'], key: string): boolean => {
  const type = Object.hasOwn(shape, key) ? shape[key]?._zod.def.type : undefined;
  return type === 'string' || type === 'enum';
};

const isRequiredInteger = ({ shape }: Contract['schema'], key: string): boolean => {
  const def = Object.hasOwn(shape, key) ? shape[key]?._zod.def : undefined;
  return def?.type === 'number' && 'format' in def && def.format === 'safeint';
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

const an = (kind: Contract['kind']): string => (kind === 'event' ? 'an event' : 'a command');

const when = (wrong: boolean, violation: string): string[] => (wrong ? [violation] : []);

const duplicates = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
];
