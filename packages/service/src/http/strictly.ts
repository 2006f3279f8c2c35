import { z } from 'zod';

/**
 * The same schema with unknown fields refused at every depth, so that a mistyped field is an error and never ignored.
 * Objects with a catch-all of their own, such as `z.looseObject`, are left as they are.
 */
export const strictly = (schema: z.core.$ZodType): z.core.$ZodType => {
  if (schema instanceof z.core.$ZodObject) {
    const { def } = schema._zod;
    const shape = Object.fromEntries(
      Object.entries(def.shape).map(([field, inner]) => [field, strictly(inner)]),
    );
    return cloned(schema, { ...def, shape, catchall: def.catchall ?? z.never() });
  }
  if (schema instanceof z.core.$ZodArray) {
    return cloned(schema, { ...schema._zod.def, element: strictly(schema._zod.def.element) });
  }
  if (schema instanceof z.core.$ZodUnion) {
    return cloned(schema, { ...schema._zod.def, options: schema._zod.def.options.map(strictly) });
  }
  if (schema instanceof z.core.$ZodPipe) {
    return cloned(schema, { ...schema._zod.def, in: strictly(schema._zod.def.in) });
  }
  if (isWrapper(schema)) {
    return cloned(schema, { ...schema._zod.def, innerType: strictly(schema._zod.def.innerType) });
  }
  return schema;
};

/** A clone that keeps what the schema says of itself, such as its examples. */
const cloned = <Schema extends z.core.$ZodType>(schema: Schema, def: Schema['_zod']['def']): Schema => {
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
