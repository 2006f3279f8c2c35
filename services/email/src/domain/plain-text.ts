/** Joiners stay, which emoji and some scripts are written with; every other invisible or direction-changing character goes. */
const invisible =
  /(?![\u200C\u200D])(?:[\p{Cf}\p{Cs}\p{Cn}\p{Co}\u115F\u1160\u3164\uFFA0]|\u034F|\u17B4|\u17B5)/gu;
const breaks = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;
/** More marks than that on one letter are drawn over the lines above and below. */
const stackedMarks = /(\p{M}{4})\p{M}+/gu;

/**
 * Whatever the text, one line of visible characters in the order in which they are read, of `maxLength` characters at most: no line of
 * its own in a mail, no header, nothing hidden, nothing turned round.
 */
export const plainText = (text: string, maxLength: number): string => {
  // Cut before it is searched, so that a text of any size costs the same; four times as much leaves room for what goes.
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
