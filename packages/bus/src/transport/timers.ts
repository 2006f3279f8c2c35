/** The longest delay of one timer, in milliseconds: beyond 2^31 `setTimeout` fires at once. Longer delays are checked again. */
export const maxTimerMs = 60_000;
