/** One invariant of the shop, with all its violations. */
export interface Invariant {
  readonly name: string;
  /** What was checked: `12 orders`. */
  readonly checked: string;
  readonly violations: readonly string[];
}
