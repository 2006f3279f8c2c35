import type { FlowGraph } from './flow-graph.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface FlowLayout {
  readonly width: number;
  readonly height: number;
  /** The middle of each node. */
  readonly nodes: ReadonlyMap<string, Point>;
  readonly edges: ReadonlyMap<string, { readonly line: string; readonly label: Point }>;
}

export const nodeSize = { width: 148, height: 46 } as const;
const labelSize = { width: 62, height: 20 } as const;

/** What the layout depends on: figures change all the time, places do not. */
export const shapeOf = ({ nodes, edges }: FlowGraph): string =>
  [...nodes.map(({ name }) => name), '|', ...edges.map(({ id }) => id)].join(' ');

/** Places the services from left to right. The library is loaded by the first call. */
export const layOut = async ({ nodes, edges }: FlowGraph): Promise<FlowLayout> => {
  const { Graph, layout } = await import('@dagrejs/dagre');
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 26, ranksep: 46, edgesep: 14, marginx: 12, marginy: 12 });
  for (const { name } of nodes) graph.setNode(name, { ...nodeSize });
  for (const { id, from, to } of edges) graph.setEdge(from, to, { ...labelSize, labelpos: 'c' }, id);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    nodes: new Map(nodes.map(({ name }) => [name, pointOf(graph.node(name))])),
    edges: new Map(
      edges.map(({ id, from, to }) => {
        const placed = graph.edge({ v: from, w: to, name: id });
        const points: readonly Point[] = placed.points ?? [];
        return [id, { line: curveThrough(points), label: pointOf(placed) }];
      }),
    ),
  };
};

const pointOf = ({ x = 0, y = 0 }: { readonly x?: number; readonly y?: number }): Point => ({ x, y });

/** A line of SVG that begins at the first point, ends at the last, and is rounded at those between. */
export const curveThrough = (points: readonly Point[]): string => {
  const [first, ...others] = points;
  const last = others.at(-1);
  if (first === undefined || last === undefined) return '';
  const parts = [`M${at(first)}`];
  for (const [index, point] of others.slice(0, -1).entries()) {
    const next = others[index + 1] ?? last;
    const middle = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    parts.push(`Q${at(point)} ${at(index === others.length - 2 ? last : middle)}`);
  }
  parts.push(`L${at(last)}`);
  return parts.join(' ');
};

const at = ({ x, y }: Point): string => `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
