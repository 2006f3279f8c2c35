import { z } from 'zod';

/** The id of the last entry of the previous page. Ids are version 7 UUIDs, which sort by time. */
export const cursor = z.uuid('must be the id of an entry of the list').optional();

// A number with more digits exceeds every maximum, and cannot be represented exactly.
const fromDigits = (given: unknown): unknown =>
  typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given;

const digits = (min: number, max: number) =>
  z.preprocess(fromDigits, z.int({ error: notDigits }).min(min).max(max));

const notDigits: z.core.$ZodErrorMap = ({ code }) =>
  code === 'invalid_type' ? 'must be a whole number in decimal digits' : undefined;

/** A whole number in a query, in decimal digits only; `usual` by default. */
export const wholeNumber = ({ min, max, usual }: { min: number; max: number; usual: number }) =>
  digits(min, max).default(usual).meta({ default: usual });

/** A whole number from 1 in a query, such as a version, in decimal digits only; without a default. */
export const positiveNumber = digits(1, 2_147_483_647);

/** A complete time in a query. An offset's `+` must be written `%2B` in an address. */
export const rfc3339Time = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 time, such as 2026-01-31T12:00:00Z' })
  .transform((time) => new Date(time));

/** The number of entries on a page. */
export const pageLimit = (max: number, usual: number) => wholeNumber({ min: 1, max, usual });

/**
 * A line of text that a person wrote, trimmed. It must contain a visible character, and must not change how the text around it is
 * shown: control characters, line ends, direction marks and invisible characters are refused, except joiners between letters.
 */
export const plainText = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(noHiddenCharacters, 'must be on one line, without control, direction or invisible characters')
    .regex(somethingVisible, 'must contain a visible character');

const noHiddenCharacters =
  /^(?:(?<=[\p{L}\p{M}])[\u200c\u200d](?=\p{L})|(?![\p{Default_Ignorable_Code_Point}\u2800])[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cn}\p{Co}\p{Cs}])*$/u;
const somethingVisible = /[\p{L}\p{N}\p{P}\p{S}]/u;
