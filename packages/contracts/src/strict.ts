import { z } from 'zod';

/**
 * The same schema with unknown keys refused at every depth. Throws where the schema would change what passes
 * through it (a transform, a default), since what is validated must be what is sent.
 */
export const strict = (schema: z.core.$ZodType, at: string): z.core.$ZodType => {
  const { def } = schema._zod as { def: z.core.$ZodTypeDef };
  switch (def.type) {
    case 'object': {
      const { shape } = def as z.core.$ZodObjectDef;
      const strictShape = Object.fromEntries(
        Object.entries(shape).map(([field, inner]) => [field, strict(inner, `${at}.${field}`)]),
      );
      return z.strictObject(strictShape);
    }
    case 'array': {
      const { element, checks } = def as z.core.$ZodArrayDef;
      return withChecks(z.array(strict(element, `${at}[]`)), checks);
    }
    case 'optional':
      return z.optional(strict((def as z.core.$ZodOptionalDef).innerType, at));
    case 'nullable':
      return z.nullable(strict((def as z.core.$ZodNullableDef).innerType, at));
    case 'union': {
      const { options } = def as z.core.$ZodUnionDef;
      return z.union(options.map((option) => strict(option, at)));
    }
    case 'transform':
    case 'pipe':
    case 'default':
    case 'prefault':
    case 'catch':
      throw new Error(`${at}: a contract's schema may not hold a ${def.type}: what is validated is what is sent`);
    default:
      return schema;
  }
};

const withChecks = (schema: z.ZodArray, checks: readonly z.core.$ZodCheck<never>[] | undefined) =>
  checks === undefined ? schema : schema.check(...(checks as unknown as z.core.$ZodCheck<unknown[]>[]));
