import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * One or more environment variables are missing or wrong. The message has a line for each, with its name, what is
 * wrong and an example; it never holds the value that was given, which may be a secret.
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
 * Reads the environment through a schema whose keys are the names of the variables. An empty variable counts as
 * missing; variables that the schema doesn't name are ignored. Examples come from `.meta({ examples: [...] })`.
 * Throws ConfigError, which lists every wrong variable and not just the first.
 */
export const parseConfig = <S extends z.ZodType>(schema: S, environment: Environment): z.output<S> => {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const wrong = new Map<string, string>();
  for (const { path, message } of result.error.issues) {
    const name = String(path[0] ?? 'environment');
    if (!wrong.has(name)) wrong.set(name, message);
  }
  const lines = [...wrong].map(([name, message]) => describe(schema, name, given[name], message));
  throw new ConfigError([...wrong.keys()], lines);
};

const describe = (schema: z.ZodType, name: string, given: string | undefined, message: string): string => {
  const what = given === undefined ? 'is missing' : `is wrong: ${message}`;
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
