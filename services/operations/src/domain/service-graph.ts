/** What one part sent to another, in one way. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'request' | 'message';
  /** The subscription or the kind of task that a message came by; null for a request. */
  readonly via: string | null;
  readonly count: number;
  readonly errors: number;
  /** Durations in microseconds: of the request, or of the handling. */
  readonly p50: number;
  readonly p95: number;
}

export interface ServiceSpans {
  readonly name: string;
  readonly spans: number;
  readonly errors: number;
}

/** `service`: it sends spans. `outside`: it is called, and sends none: the payment provider, a mail server. `clients`: it calls the shop. */
export interface GraphNode {
  readonly name: string;
  readonly kind: 'service' | 'outside' | 'clients';
  readonly spans: number;
  readonly errors: number;
}

/** Every service with spans, and everything else that an edge names. */
export const nodesOf = (edges: readonly Edge[], services: readonly ServiceSpans[]): readonly GraphNode[] => {
  const known = new Set(services.map(({ name }) => name));
  const others = (names: readonly string[]) => [...new Set(names)].filter((name) => !known.has(name)).sort();
  const node = (kind: GraphNode['kind']) => (name: string) => ({ name, kind, spans: 0, errors: 0 });
  return [
    ...others(edges.map(({ from }) => from)).map(node('clients')),
    ...services.map((service) => ({ ...service, kind: 'service' as const })),
    ...others(edges.map(({ to }) => to)).map(node('outside')),
  ];
};
