import { z } from 'zod';

/** The id of the last entry of the page before. Ids are UUIDs, which begin with their time. */
export const cursor = z.uuid('must be the id of an entry of the list').optional();

/** A whole number of a query, written in decimal digits alone; `usual` when it is left out. */
export const wholeNumber = ({ min, max, usual }: { min: number; max: number; usual: number }) =>
  z
    .preprocess(fromDigits, z.int('must be a whole number in decimal digits').min(min).max(max))
    .default(usual)
    .meta({ default: usual });

/** How many entries a page of a list holds. */
export const pageLimit = (max: number, usual: number) => wholeNumber({ min: 1, max, usual });

// More digits than these are over every bound, and would lose their last ones as a number.
const fromDigits = (given: unknown): unknown =>
  typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given;

/**
 * Text of people on one line, trimmed: something in it can be seen, and nothing in it changes how the text around it is shown.
 * Refused are control characters, line ends, direction marks and other characters that show nothing; joiners stand between letters.
 */
export const plainText = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(noHiddenCharacters, 'must be on one line, without control, direction or invisible characters')
    .regex(somethingVisible, 'must hold something that can be seen');

const noHiddenCharacters =
  /^(?:(?<=[\p{L}\p{M}])[\u200c\u200d](?=\p{L})|(?![\p{Default_Ignorable_Code_Point}\u2800])[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cn}\p{Co}\p{Cs}])*$/u;
const somethingVisible = /[\p{L}\p{N}\p{P}\p{S}]/u;
