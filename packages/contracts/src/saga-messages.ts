import type { z } from 'zod';
import { stepId } from './common.ts';
import { type Contract, command, event, type ServiceName } from './define.ts';

interface Definition<S extends z.ZodObject> {
  readonly owner: ServiceName;
  readonly key: Extract<keyof z.output<S>, string>;
  /** The schema of version 2. Version 1 has `stepId` in addition. */
  readonly schema: S;
}

interface CommandDefinition<S extends z.ZodObject> extends Definition<S> {
  readonly senders: readonly ServiceName[];
}

/** Version 1 has the saga's step id in its data, version 2 in its envelope. */
type Versions<S extends z.ZodObject> = readonly [Contract, Contract<S>];

/** Defines a command of a saga, in both versions. The saga's definition decides which one is sent. */
export const sagaCommand = <S extends z.ZodObject>(
  name: string,
  definition: CommandDefinition<S>,
): Versions<S> => {
  const first = command<z.ZodObject>(name, {
    ...definition,
    schema: withStepId(definition.schema),
    version: 1,
  });
  return [first, command<S>(name, { ...definition, ...second(first) })];
};

/** Defines a reply to a saga, in both versions. The reply to a command of version 1 is published in version 1. */
export const sagaReply = <S extends z.ZodObject>(name: string, definition: Definition<S>): Versions<S> => {
  const first = event<z.ZodObject>(name, {
    ...definition,
    schema: withStepId(definition.schema),
    version: 1,
  });
  return [first, event<S>(name, { ...definition, ...second(first) })];
};

const withStepId = (schema: z.ZodObject) => schema.extend({ stepId });

const second = (first: Contract) => ({
  version: 2,
  upcast: {
    from: first,
    with: ({ stepId: _, ...data }: Readonly<Record<string, unknown>>) => data,
    stepIdOf: (data: Readonly<Record<string, unknown>>) => String(data['stepId']),
  },
  downcast: (data: Readonly<Record<string, unknown>>, id?: string) => ({ ...data, stepId: id }),
});
