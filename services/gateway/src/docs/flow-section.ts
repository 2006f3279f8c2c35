import type { Registry } from '@emporium/contracts';
import { flowGraph, flowMermaid } from '@emporium/contracts/documents';
import { flowSvg } from './flow-svg.ts';
import { code, details, link, preformatted, table } from './html.ts';

/** What follows from what: a drawing, the same as a table, and as Mermaid text. */
export const flowSection = (registry: Registry): string => {
  const graph = flowGraph(registry);
  const newest = new Map(registry.contracts.map(({ name, type }) => [name, type]));
  for (const { name, version, type } of registry.contracts) {
    const isNewest = registry.contracts.every((other) => other.name !== name || other.version <= version);
    if (isNewest) newest.set(name, type);
  }
  const typeOf = (name: string): string => newest.get(name) ?? name;
  const linked = (name: string): string => link(typeOf(name), name);
  return `
    <h2 id="flow">What follows from what</h2>
    <p>Rectangles are events, hexagons commands; a dashed line is a repetition. The same <a href="/docs/flow.json">as JSON</a>.</p>
    <pre tabindex="0" aria-label="Diagram">${flowSvg(graph, (name) => `#${typeOf(name)}`)}</pre>
    ${table(
      ['Subscription', 'Handles', 'May emit or send', 'Repeats'],
      graph.reactions.map(({ subscription, to, leadsTo, repeats }) => [
        code(subscription),
        linked(to),
        leadsTo.map(linked).join(', '),
        repeats.map(({ name, until }) => `${linked(name)}, until: ${until}`).join('; '),
      ]),
    )}
    <p>Without a message before them, from a request, a timer or a person: ${graph.messages
      .filter(({ begins }) => begins)
      .map(({ name }) => linked(name))
      .join(', ')}.</p>
    ${details('As a Mermaid flowchart', preformatted(flowMermaid(graph)))}`;
};
