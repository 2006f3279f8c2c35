import { z } from 'zod';

/**
 * The same schema, refusing unknown keys at every depth. Throws, naming the path, where the schema would change the data (a
 * transform, a default), since what is validated must be what is sent, and where it contains something that JSON has no type for
 * or that the compatibility check cannot see.
 */
export const strict = (schema: z.core.$ZodType, at: string): z.core.$ZodType => {
  const { def } = (schema as z.core.$ZodTypes)._zod; // every zod schema is one of these types
  for (const check of def.checks ?? []) assertVisible(check, at);
  switch (def.type) {
    case 'object': {
      if (def.catchall !== undefined) {
        throw new Error(
          `${at}: use z.object: publishing refuses unknown fields anyway, and delivery drops them`,
        );
      }
      const shape = Object.fromEntries(
        Object.entries(def.shape).map(([field, inner]) => [field, strictField(inner, `${at}.${field}`)]),
      );
      return rebuild(schema, { ...def, shape, catchall: z.never() });
    }
    case 'array':
      return rebuild(schema, { ...def, element: strict(def.element, `${at}[]`) });
    case 'record':
      return rebuild(schema, { ...def, valueType: strict(def.valueType, `${at}[]`) });
    case 'nullable':
      return rebuild(schema, { ...def, innerType: strict(def.innerType, at) });
    case 'union':
      return rebuild(schema, { ...def, options: def.options.map((option) => strict(option, at)) });
    case 'string':
    case 'number':
    case 'boolean':
      if (def.coerce === true) throw refused(at, 'a coercion', sent);
      return schema;
    case 'enum':
    case 'literal':
    case 'null':
      return schema;
    case 'optional':
      throw refused(at, 'an optional', 'only a field of an object can be left out');
    case 'transform':
    case 'pipe':
    case 'default':
    case 'prefault':
    case 'catch':
      throw refused(at, `a ${def.type}`, sent);
    default:
      throw refused(at, `a ${def.type}`, `use ${carried}`);
  }
};

const sent = 'what is validated is what is sent';
const carried = 'objects, arrays, records, unions, strings, numbers, booleans, enums, literals and null';

const strictField = (schema: z.core.$ZodType, at: string): z.core.$ZodType => {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === 'optional'
    ? rebuild(schema, { ...def, innerType: strict(def.innerType, at) })
    : strict(schema, at);
};

/** A schema of the same class with this definition, which includes its checks. */
const rebuild = <Def extends z.core.$ZodTypeDef>(schema: z.core.$ZodType, def: Def): z.core.$ZodType =>
  z.core.clone(schema, def);

const assertVisible = ({ _zod }: z.core.$ZodCheck<never>, at: string): void => {
  if (_zod.def.check === 'overwrite') throw refused(at, 'an overwrite', sent);
  if (_zod.def.check === 'custom')
    throw refused(at, 'a refinement', 'the compatibility check could not see it change');
};

const refused = (at: string, what: string, why: string): Error =>
  new Error(`${at}: a contract's schema may not contain ${what}: ${why}`);
