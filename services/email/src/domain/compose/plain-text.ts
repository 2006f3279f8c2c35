/** Invisible and direction-changing characters, except the joiners that emoji and some scripts need. */
const invisible =
  /(?![\u200C\u200D])(?:[\p{Cf}\p{Cs}\p{Cn}\p{Co}\u115F\u1160\u3164\uFFA0]|\u034F|\u17B4|\u17B5)/gu;
const breaks = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;
/** More combining marks on one letter would overlap the lines above and below. */
const stackedMarks = /(\p{M}{4})\p{M}+/gu;

/**
 * Reduces any text to one line of visible characters in reading order, at most `maxLength` long. A longer text ends with an
 * ellipsis.
 */
export const plainText = (text: string, maxLength: number): string => {
  // Cut first, so that a huge text costs no more than a short one; four times the length leaves room for what is removed.
  const plain = text
    .slice(0, maxLength * 4)
    .replace(invisible, '')
    .replace(stackedMarks, '$1')
    .replace(breaks, ' ')
    .trim();
  const characters = [...plain];
  return characters.length <= maxLength
    ? plain
    : `${characters
        .slice(0, maxLength - 1)
        .join('')
        .trimEnd()}…`;
};
