import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A span as a collector receives it. */
export interface CollectedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly hasFailed: boolean;
  /** Everything that was sent about it. */
  readonly json: string;
}

export interface Collector {
  /** For `SPANS_URL`. */
  readonly url: string;
  spans(): readonly CollectedSpan[];
  close(): Promise<void>;
}

/** Receives OTLP in JSON, as the small recorder sends it. */
export const startCollector = async (): Promise<Collector> => {
  const spans: CollectedSpan[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    spans.push(...spansIn(JSON.parse(await text(request)) as ExportRequest));
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    spans: () => spans,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

type KeyValues = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: KeyValues };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly kind: number;
        readonly attributes: KeyValues;
        readonly links: CollectedSpan['links'];
        readonly status: { readonly code?: number };
      }[];
    }[];
  }[];
}

const spansIn = ({ resourceSpans }: ExportRequest): CollectedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, parentSpanId, name, kind, attributes, links, status, ...rest }) => ({
        ...{ service, traceId, spanId, parentSpanId, name, kind, links },
        attributes: valuesOf(attributes),
        hasFailed: status.code === 2,
        json: JSON.stringify({ name, attributes, links, status, ...rest }),
      })),
    );
  });

const valuesOf = (attributes: KeyValues): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
