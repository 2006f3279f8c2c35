import { Graph, layout } from '@dagrejs/dagre';
import type { FlowGraph } from '@emporium/contracts/documents';
import { escaped } from '../admin/pages.ts';

/** In pixels. */
const [charWidth, nodeHeight] = [8, 28];

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The flow graph as an SVG drawing: rectangles are events, hexagons commands, both linked to `hrefOf`; a dashed line is a repetition. */
export const flowSvg = ({ messages, reactions }: FlowGraph, hrefOf: (name: string) => string): string => {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 12, ranksep: 40, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  const repeated = new Set<string>();
  const drawn = new Set(
    reactions.flatMap(({ to, leadsTo, repeats }) => [to, ...leadsTo, ...repeats.map(({ name }) => name)]),
  );
  for (const name of drawn) graph.setNode(name, { width: name.length * charWidth + 28, height: nodeHeight });
  for (const { to, leadsTo, repeats } of reactions) {
    for (const name of leadsTo) graph.setEdge(to, name);
    for (const { name } of repeats) {
      graph.setEdge(to, name);
      repeated.add(`${to} ${name}`);
    }
  }
  layout(graph);

  const commands = new Set(messages.filter(({ kind }) => kind === 'command').map(({ name }) => name));
  const nodes = [...drawn].map((name) => {
    const box: Box = graph.node(name) as Box; // as it was laid out
    const text = `<text x="${box.x}" y="${box.y + 5}" text-anchor="middle" fill="currentColor" font-size="13">${escaped(name)}</text>`;
    return `<a href="${escaped(hrefOf(name))}">${commands.has(name) ? hexagon(box) : rectangle(box)}${text}</a>`;
  });
  const edges = graph.edges().map((edge: { readonly v: string; readonly w: string }) => {
    const { points } = graph.edge(edge) as { points: readonly Point[] }; // as it was laid out
    return arrow(points, repeated.has(`${edge.v} ${edge.w}`));
  });
  const { width = 0, height = 0 } = graph.graph() as Partial<Box>; // as it was laid out
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="What follows from what; the table below says the same" width="${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}">
      <defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>
      ${edges.join('')}${nodes.join('')}</svg>`;
};

const shape = 'fill="none" stroke="currentColor" pointer-events="all"';

const rectangle = ({ x, y, width, height }: Box): string =>
  `<rect x="${x - width / 2}" y="${y - height / 2}" width="${width}" height="${height}" ${shape}/>`;

const hexagon = ({ x, y, width, height }: Box): string => {
  const [left, right, top, bottom] = [x - width / 2, x + width / 2, y - height / 2, y + height / 2];
  return `<path d="M${left} ${y}L${left + 10} ${top}H${right - 10}L${right} ${y}L${right - 10} ${bottom}H${left + 10}z" ${shape}/>`;
};

const arrow = (points: readonly Point[], isRepetition: boolean): string => {
  const path = points.map(({ x, y }) => `${Math.round(x)} ${Math.round(y)}`).join('L');
  const dashes = isRepetition ? ' stroke-dasharray="5 4"' : '';
  return `<path d="M${path}" fill="none" stroke="currentColor" opacity="0.6"${dashes} marker-end="url(#arrow)"/>`;
};
