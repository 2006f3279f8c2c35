/** A text of at most `max` characters, which says with an ellipsis that it was longer. */
export const shortened = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1).trimEnd()}…`;

/** A time to the second. */
export const toSecond = (time: string): string => time.slice(0, 19);
