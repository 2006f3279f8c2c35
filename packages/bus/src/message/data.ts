import type { Contract, Data } from '@emporium/contracts';
import type { z } from 'zod';
import { busErrors } from '../errors.ts';

/** Validates data with one of the contract's two schemas. Throws `bus.invalid_message`, naming up to five fields. */
export const parseData = (contract: Contract, schema: z.ZodType, data: unknown): Data<Contract> => {
  const result = schema.safeParse(data);
  if (!result.success) {
    throw busErrors.invalid_message({ contract: contract.type, ...issuesOf(result.error) });
  }
  return result.data as Data<Contract>; // the schema is one of the contract's two
};

const issuesOf = (error: z.ZodError): Record<string, string> =>
  Object.fromEntries(
    error.issues.slice(0, 5).map(({ path, message }) => [['data', ...path].join('.'), message]),
  );
