import { flowGraph, flowMermaid } from '../src/documents/index.ts';
import type { Registry } from '../src/index.ts';
import { code, table } from './markdown.ts';

/** The Markdown page with the flow of messages, as a diagram and as tables. */
export const flowMarkdown = (registry: Registry): string => {
  const graph = flowGraph(registry);
  const codes = (names: readonly string[]): string => names.map(code).join(', ') || 'none';
  return [
    '# What follows from what',
    '',
    'Generated from the registry by `npm run events` in `packages/contracts`; the same as data is [flow.json](flow.json). What follows is',
    'declared in [`packages/contracts/src/reactions.ts`](../packages/contracts/src/reactions.ts): a handler that emits or sends anything else fails,',
    'and so does `npm run check` on a cycle that nobody declared.',
    '',
    'Rectangles are events, hexagons commands, both where they are published. Rounded boxes are subscriptions that nothing follows from. A',
    'dotted arrow is a repetition, with what ends it. All versions of a message are one node. Passed deadlines are not shown: a saga then sends its',
    'pending command again, or compensates.',
    '',
    '```mermaid',
    flowMermaid(graph).trimEnd(),
    '```',
    '',
    '## Reactions',
    '',
    ...table(
      ['subscription', 'to', 'may emit or send', 'repeats'],
      graph.reactions.map(({ subscription, to, leadsTo, repeats }) => [
        code(subscription),
        code(to),
        codes(leadsTo),
        repeats.map(({ name, until }) => `${code(name)}, until: ${until}`).join('; '),
      ]),
    ),
    '',
    '## Where it begins',
    '',
    'These follow from a request, a timer or a person, and from no other message.',
    '',
    ...table(
      ['message', 'published by', 'subscriptions'],
      graph.messages
        .filter(({ begins }) => begins)
        .map(({ name, publishers, subscriptions }) => [
          code(name),
          publishers.join(', '),
          codes(subscriptions),
        ]),
    ),
    '',
  ].join('\n');
};
