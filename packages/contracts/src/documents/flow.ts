import type { Contract } from '../define.ts';
import { followersOf } from '../reaction.ts';
import type { Registry } from '../registry.ts';
import { publishersOf } from './asyncapi.ts';

/** What follows from what: who emits each message, who handles it, and what may follow from that. By name: versions are one. */
export interface FlowGraph {
  readonly messages: readonly FlowMessage[];
  readonly reactions: readonly FlowReaction[];
}

interface FlowMessage {
  readonly name: string;
  readonly kind: Contract['kind'];
  readonly publishers: readonly string[];
  readonly subscriptions: readonly string[];
  /** It follows from no other message, but from a request, a timer or a person. */
  readonly begins: boolean;
}

interface FlowReaction {
  readonly subscription: string;
  readonly to: string;
  readonly leadsTo: readonly string[];
  readonly repeats: readonly { readonly name: string; readonly until: string }[];
}

export const flowGraph = ({ contracts, subscriptions, reactions = [] }: Registry): FlowGraph => {
  const followers = new Set(reactions.flatMap((reaction) => followersOf(reaction).map(({ name }) => name)));
  const newest = [
    ...new Map(contracts.toSorted(byVersion).map((contract) => [contract.name, contract])).values(),
  ];
  return {
    messages: newest.toSorted(byName).map((contract) => ({
      name: contract.name,
      kind: contract.kind,
      publishers: publishersOf(contract),
      subscriptions: subscriptions
        .filter(({ to }) => to.some(({ name }) => name === contract.name))
        .map(({ name }) => name),
      begins: !followers.has(contract.name),
    })),
    reactions: reactions.map(({ subscription, to, leadsTo, repeats }) => ({
      subscription,
      to: to.name,
      leadsTo: leadsTo.map(({ name }) => name),
      repeats: repeats.map(({ contract, until }) => ({ name: contract.name, until })),
    })),
  };
};

/**
 * The graph as a Mermaid flowchart. Rectangles are events, hexagons commands, rounded boxes subscriptions that nothing follows from;
 * a dotted arrow is a repetition with what ends it.
 */
export const flowMermaid = ({ messages, reactions }: FlowGraph): string => {
  const services = [...new Set(messages.flatMap(ownerOf))].sort();
  const isReaction = (subscription: string, name: string) =>
    reactions.some((reaction) => reaction.subscription === subscription && reaction.to === name);
  const ends = messages.flatMap(({ name, subscriptions }) =>
    subscriptions
      .filter((subscription) => !isReaction(subscription, name))
      .map((subscription) => ({ name, subscription })),
  );
  return [
    'flowchart LR',
    ...services.flatMap((service) => [
      `  subgraph ${idOf(`by ${service}`)}["${service}"]`,
      ...messages
        .filter((message) => ownerOf(message).includes(service))
        .map((message) => `    ${nodeOf(message)}`),
      '  end',
    ]),
    ...reactions.flatMap(({ to, leadsTo, repeats }) => [
      ...leadsTo.map((name) => `  ${idOf(to)} --> ${idOf(name)}`),
      ...repeats.map(({ name, until }) => `  ${idOf(to)} -. "${until}" .-> ${idOf(name)}`),
    ]),
    ...ends.map(
      ({ name, subscription }) => `  ${idOf(name)} --> ${idOf(`to ${subscription}`)}(["${subscription}"])`,
    ),
    '',
  ].join('\n');
};

/** A message is drawn where it is published, a command of several senders where the first of them is. */
const ownerOf = ({ publishers }: FlowMessage): readonly string[] => publishers.slice(0, 1);

const nodeOf = ({ name, kind }: FlowMessage): string =>
  kind === 'event' ? `${idOf(name)}["${name}"]` : `${idOf(name)}{{"${name}"}}`;

const idOf = (text: string): string => text.replaceAll(/\W/g, '_');

const byName = (one: Contract, other: Contract): number => (one.name < other.name ? -1 : 1);

const byVersion = (one: Contract, other: Contract): number => one.version - other.version;
