/** `GET /docs/flow.json`: the messages of the registry. */
export interface RegistryDocument {
  readonly messages: readonly {
    readonly name: string;
    readonly kind: 'event' | 'command';
    readonly publishers: readonly string[];
    readonly subscriptions: readonly string[];
  }[];
}

/** `GET /api/admin/subscriptions`. */
export interface Subscriptions {
  readonly subscriptions: readonly Subscription[];
}

export interface Subscription {
  readonly name: string;
  readonly service: string;
  readonly state: 'active' | 'paused';
  readonly pausable: boolean;
  readonly since?: string;
  readonly by?: string;
  readonly reason?: string;
}

/** `GET /api/admin/service-graph`: what was seen. */
export interface ServiceGraph {
  readonly seconds: number;
  readonly cut: boolean;
  readonly nodes: readonly {
    readonly name: string;
    readonly kind: 'service' | 'outside' | 'clients';
    readonly spans: number;
    readonly errors: number;
  }[];
  readonly edges: readonly SeenEdge[];
}

interface SeenEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'request' | 'message';
  readonly via?: string;
  readonly count: number;
  readonly ratePerSecond: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** `GET /api/admin/queues`. */
export interface Queues {
  readonly brokers: readonly { readonly name: string; readonly up: boolean; readonly problem?: string }[];
  readonly queues: readonly Queue[];
}

export interface Queue {
  readonly subscription: string;
  readonly waiting: number;
  readonly unacked?: number;
  readonly oldestAgeSeconds?: number;
}

/** `GET /admin/status.json`. */
export interface Status {
  readonly headline: string;
  readonly processes: readonly ProcessStatus[];
}

export interface ProcessStatus {
  readonly name: string;
  readonly state: string;
  readonly since: string;
  readonly version?: string;
  readonly startedAt?: string;
  readonly failing: readonly string[];
  readonly waiting: readonly {
    readonly kind: string;
    readonly count: number;
    readonly oldestSeconds?: number;
  }[];
  readonly reasons?: Readonly<Record<string, string>>;
  readonly errors?: readonly {
    readonly at?: string;
    readonly message?: string;
    readonly [key: string]: unknown;
  }[];
}

/** `GET /api/admin/messages`: a message that was handled. */
export interface HandledMessage {
  readonly spanId: string;
  readonly traceId: string;
  readonly correlationId?: string;
  readonly messageId?: string;
  readonly type?: string;
  readonly subscription: string;
  readonly at: string;
  readonly durationMs: number;
  readonly attempt?: number;
  readonly outcome: string;
  readonly isError: boolean;
  readonly error?: string;
}
