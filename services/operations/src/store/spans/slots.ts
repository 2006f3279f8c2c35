/** The partitions: one that is written, and twelve that are full. */
export const slots: readonly number[] = Array.from({ length: 13 }, (_, slot) => slot);

/** Spans are kept at least this long, unless there are more than the limits allow. */
export const keepMs = 60 * 60 * 1_000;
/** The next slot is opened after this time, in milliseconds, or when one is full: the twelve before it cover an hour. */
export const slotMs = keepMs / (slots.length - 1);
