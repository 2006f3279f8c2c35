import { publishersOf } from './define.ts';
import { followersOf, type Reaction } from './reaction.ts';
import type { Subscription } from './subscription.ts';

/** The violations in what is declared to follow from what, one line each; undeclared cycles are among them. */
export const reactionViolations = (
  reactions: readonly Reaction[],
  subscriptions: readonly Subscription[],
): readonly string[] => [
  ...reactions.flatMap((reaction) => violationsOf(reaction, reactions, subscriptions)),
  ...cyclesOf(reactions).map(
    (cycle) =>
      `${cycle.join(' -> ')}: a cycle that nobody declared; break it, or declare its last step in 'repeats' with what ends it`,
  ),
];

const violationsOf = (
  reaction: Reaction,
  reactions: readonly Reaction[],
  subscriptions: readonly Subscription[],
): string[] => {
  const { subscription: name, to } = reaction;
  const subscription = subscriptions.find((each) => each.name === name);
  if (subscription === undefined)
    return [`${name}: it reacts to ${to.type}, but there is no such subscription`];
  const twice = reactions.some(
    (other) => other !== reaction && other.subscription === name && other.to.name === to.name,
  );
  return [
    ...(subscription.to.includes(to) ? [] : [`${name}: it reacts to ${to.type}, but does not listen to it`]),
    ...(twice ? [`${name}: its reaction to ${to.name} is declared twice`] : []),
    ...followersOf(reaction)
      .filter((follower) => !publishersOf(follower).includes(subscription.service))
      .map(
        (follower) => `${name}: ${follower.type} cannot follow, ${subscription.service} may not publish it`,
      ),
  ];
};

/** The cycles of messages, by name, without the declared repetitions: each once, beginning and ending with the same message. */
export const cyclesOf = (reactions: readonly Reaction[]): readonly (readonly string[])[] => {
  const next = new Map<string, Set<string>>();
  for (const { to, leadsTo } of reactions) {
    const known = next.get(to.name) ?? new Set();
    for (const { name } of leadsTo) known.add(name);
    next.set(to.name, known);
  }
  const cycles: string[][] = [];
  const finished = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    const at = path.indexOf(name);
    if (at !== -1) {
      cycles.push([...path.slice(at), name]);
      return;
    }
    if (finished.has(name)) return;
    for (const follower of next.get(name) ?? []) visit(follower, [...path, name]);
    finished.add(name);
  };
  for (const name of next.keys()) visit(name, []);
  return cycles;
};
