import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * One or more environment variables are missing or wrong. The message has a line for each, with its name, what is wrong and
 * an example. It never contains the given value, which may be a secret.
 */
export class ConfigError extends Error {
  readonly variables: readonly string[];

  constructor(variables: readonly string[], lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'ConfigError';
    this.variables = variables;
  }
}

/**
 * Parses the environment with a schema whose keys are the names of the variables. An empty variable counts as missing; other
 * variables are ignored. Examples come from `.meta({ examples: [...] })`. Throws a ConfigError that lists every wrong variable.
 */
export const parseConfig = <S extends z.ZodType>(schema: S, environment: Environment): z.output<S> => {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  const wrong = new Map<string, string>();
  for (const { path, message } of result.error.issues) {
    const name = String(path[0] ?? 'environment');
    if (!wrong.has(name)) wrong.set(name, message);
  }
  const lines = [...wrong].map(([name, message]) => describe(schema, name, present[name], message));
  throw new ConfigError([...wrong.keys()], lines);
};

const describe = (schema: z.ZodType, name: string, value: string | undefined, message: string): string => {
  const what = value === undefined ? 'is missing' : `is wrong: ${message}`;
  const example = exampleOf(schema, name);
  return example === undefined ? `${name} ${what}` : `${name} ${what}; for example ${name}=${example}`;
};

const exampleOf = (schema: z.core.$ZodType, name: string): string | undefined => {
  if (schema instanceof z.ZodPipe) return exampleOf(schema.in, name);
  if (!(schema instanceof z.ZodObject)) return undefined;
  let field: z.core.$ZodType | undefined = schema.shape[name];
  while (field !== undefined) {
    const examples: unknown = z.globalRegistry.get(field)?.examples;
    if (Array.isArray(examples) && examples.length > 0) return String(examples[0]);
    field = innerOf(field);
  }
  return undefined;
};

const innerOf = (schema: z.core.$ZodType): z.core.$ZodType | undefined =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.def.innerType : undefined;
