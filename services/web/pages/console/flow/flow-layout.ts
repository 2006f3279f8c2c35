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
  graph.setGraph({ rankdir: 'LR', nodesep: 30, ranksep: 46, edgesep: 16, marginx: 12, marginy: 30 });
  for (const { name } of nodes) graph.setNode(name, { ...nodeSize });
  const others = edges.filter(({ from, to }) => from !== to);
  for (const { id, from, to } of others) graph.setEdge(from, to, { ...labelSize, labelpos: 'c' }, id);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const places = new Map(nodes.map(({ name }) => [name, pointOf(graph.node(name))]));
  const placeOf = (name: string): Point => places.get(name) ?? { x: 0, y: 0 };
  return {
    width,
    height,
    nodes: places,
    edges: new Map(
      edges.map(({ id, from, to }) => {
        if (from === to) return [id, loopBelow(placeOf(from))];
        const placed = graph.edge({ v: from, w: to, name: id });
        const between = (placed.points ?? []).slice(1, -1);
        const points = [...ends(placeOf(from), placeOf(to), between)];
        return [id, { line: curveThrough(points), label: pointOf(placed) }];
      }),
    ),
  };
};

/** Lines leave and reach a service at its sides; those to the right above those to the left. */
const ends = (from: Point, to: Point, between: readonly Point[]): readonly Point[] => {
  const side = from.x < to.x ? 1 : -1;
  const beside = (place: Point, direction: number): Point => ({
    x: place.x + (direction * nodeSize.width) / 2,
    y: place.y - side * 9,
  });
  return [beside(from, side), ...between, beside(to, -side)];
};

/** From a service to itself. */
const loopBelow = ({ x, y }: Point): { readonly line: string; readonly label: Point } => {
  const edge = y + nodeSize.height / 2;
  return {
    line: `M${x + 30},${edge} C${x + 50},${edge + 30} ${x - 50},${edge + 30} ${x - 30},${edge}`,
    label: { x, y: edge + 22 },
  };
};

const pointOf = ({ x = 0, y = 0 }: { readonly x?: number; readonly y?: number }): Point => ({ x, y });

/** A line of SVG through all points, which leaves and reaches each of them horizontally. */
export const curveThrough = (points: readonly Point[]): string => {
  const [first, ...others] = points;
  if (first === undefined) return '';
  let before = first;
  const parts = [`M${at(first)}`];
  for (const point of others) {
    const x = (before.x + point.x) / 2;
    parts.push(`C${at({ x, y: before.y })} ${at({ x, y: point.y })} ${at(point)}`);
    before = point;
  }
  return parts.join(' ');
};

const at = ({ x, y }: Point): string => `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
