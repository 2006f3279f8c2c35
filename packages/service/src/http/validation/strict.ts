import { z } from 'zod';

/**
 * Returns a copy of the schema that refuses unknown fields at every depth, so that a misspelt field is an error. Objects with a
 * catch-all, such as `z.looseObject`, stay as they are.
 */
export const strict = (schema: z.core.$ZodType): z.core.$ZodType => {
  if (schema instanceof z.core.$ZodObject) {
    const { def } = schema._zod;
    const shape = Object.fromEntries(
      Object.entries(def.shape).map(([field, inner]) => [field, strict(inner)]),
    );
    return cloneWith(schema, { ...def, shape, catchall: def.catchall ?? z.never() });
  }
  if (schema instanceof z.core.$ZodArray) {
    return cloneWith(schema, { ...schema._zod.def, element: strict(schema._zod.def.element) });
  }
  if (schema instanceof z.core.$ZodUnion) {
    return cloneWith(schema, { ...schema._zod.def, options: schema._zod.def.options.map(strict) });
  }
  if (schema instanceof z.core.$ZodPipe) {
    return cloneWith(schema, { ...schema._zod.def, in: strict(schema._zod.def.in) });
  }
  if (isWrapper(schema)) {
    return cloneWith(schema, { ...schema._zod.def, innerType: strict(schema._zod.def.innerType) });
  }
  return schema;
};

/** A clone with the metadata of the schema, such as its examples. */
const cloneWith = <Schema extends z.core.$ZodType>(schema: Schema, def: Schema['_zod']['def']): Schema => {
  const clone = z.core.clone(schema, def);
  const meta = z.globalRegistry.get(schema);
  if (meta !== undefined) z.globalRegistry.add(clone, meta);
  return clone;
};

type Wrapper = z.core.$ZodOptional | z.core.$ZodNullable | z.core.$ZodDefault | z.core.$ZodPrefault;

const isWrapper = (schema: z.core.$ZodType): schema is Wrapper =>
  schema instanceof z.core.$ZodOptional ||
  schema instanceof z.core.$ZodNullable ||
  schema instanceof z.core.$ZodDefault ||
  schema instanceof z.core.$ZodPrefault;
