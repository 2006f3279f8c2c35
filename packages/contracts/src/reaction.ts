import type { Contract } from './define.ts';

/** What may follow when a subscription handles a message: the messages that its handler may emit or send. */
export interface Reaction {
  /** The name of the subscription. */
  readonly subscription: string;
  /** What is handled, in its newest version. */
  readonly to: Contract;
  readonly leadsTo: readonly Contract[];
  /** Messages that may follow and lead back here: what ends the repetition is said in words. */
  readonly repeats: readonly Repetition[];
}

interface Repetition {
  readonly contract: Contract;
  /** `after six attempts the order is parked` */
  readonly until: string;
}

/** Declares what may follow from a message in one subscription. What is not declared cannot be published by its handler. */
export const reaction = (
  subscription: string,
  to: Contract,
  { leadsTo = [], repeats = [] }: Partial<Pick<Reaction, 'leadsTo' | 'repeats'>>,
): Reaction => ({ subscription, to, leadsTo, repeats });

/** Everything that may follow, repetitions included. */
export const followersOf = ({ leadsTo, repeats }: Reaction): readonly Contract[] => [
  ...leadsTo,
  ...repeats.map(({ contract }) => contract),
];
