import type { z } from 'zod';
import { stepId } from './common.ts';
import { type Contract, command, event, type ServiceName } from './define.ts';

interface Definition<S extends z.ZodObject> {
  readonly owner: ServiceName;
  readonly key: Extract<keyof z.output<S>, string>;
  /** Of version 2; version 1 has `stepId` too. */
  readonly schema: S;
}

interface CommandDefinition<S extends z.ZodObject> extends Definition<S> {
  readonly senders: readonly ServiceName[];
}

/** Version 1, where the data holds the id of the saga's step, and version 2, where the envelope does. */
type Versions<S extends z.ZodObject> = readonly [Contract, Contract<S>];

/** Defines a command of a saga, in both versions. The saga's definition says which of them is sent. */
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

/** Defines a reply to a saga, in both versions. To a command of version 1 it leaves in version 1. */
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
  downcast: (data: Readonly<Record<string, unknown>>, id: string) => ({ ...data, stepId: id }),
});
