import { parseArgs } from 'node:util';

export const parts = [
  'transport',
  'pipeline',
  'tasks',
  'sensors',
  'history',
  'bridge',
  'replay',
  'shop',
  'memory',
  'telemetry',
] as const;
export const brokers = ['rabbitmq', 'postgres', 'kafka', 'redis'] as const;

export type Part = (typeof parts)[number];
export type Broker = (typeof brokers)[number];

export interface Options {
  readonly parts: readonly Part[];
  readonly brokers: readonly Broker[];
}

/** Throws, naming the option, when one is wrong. */
export const readOptions = (args: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string' }, broker: { type: 'string' } },
  });
  return {
    parts: oneOf('--only', parts, values.only),
    brokers: oneOf('--broker', brokers, values.broker),
  };
};

const oneOf = <Name extends string>(
  option: string,
  names: readonly Name[],
  given: string | undefined,
): readonly Name[] => {
  if (given === undefined) return names;
  const chosen = names.filter((name) => name === given);
  if (chosen.length === 0) throw new Error(`${option}: must be one of ${names.join(', ')}, is '${given}'`);
  return chosen;
};
