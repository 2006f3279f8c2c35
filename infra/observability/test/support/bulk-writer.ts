import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { logStream } from '../../src/logs/index-template.ts';

export interface BulkWriter {
  /** Takes logs as OTLP over HTTP, in JSON. */
  readonly url: string;
  /** Documents that the index refused. */
  readonly refused: readonly string[];
  /** Writes the next lines without answering, and resolves when they are written. */
  holdNextAnswer(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Stands for the collector's Elasticsearch exporter in its mapping mode `bodymap`: the body of a log record is the document, its
 * attribute `elasticsearch.document_id` the id. A document that is there already is left as it is. Answers 503 while the index is away.
 */
export const startBulkWriter = async (indexUrl: string): Promise<BulkWriter> => {
  const refused: string[] = [];
  let onHeld: (() => void) | undefined;
  const write = async (records: readonly LogRecord[]): Promise<void> => {
    const lines = records.flatMap((record) => [{ create: idOf(record) }, plain(record.body)]);
    const response = await fetch(`${indexUrl}/${logStream}/_bulk`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    });
    if (!response.ok) throw new Error(`bulk: ${response.status}`);
    const { items } = (await response.json()) as Bulk;
    const failures = items
      .map(({ create }) => create)
      .filter(({ status }) => status >= 300 && status !== 409);
    if (failures.some(({ status }) => status === 429 || status >= 500))
      throw new Error('bulk: not all written');
    refused.push(...failures.map((failure) => JSON.stringify(failure)));
  };

  const server = createServer(async (request, response) => {
    try {
      const { resourceLogs = [] } = JSON.parse(await text(request)) as Logs;
      await write(resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)));
      if (onHeld !== undefined) {
        onHeld();
        onHeld = undefined;
        return;
      }
      response.setHeader('content-type', 'application/json').end('{}');
    } catch {
      response.writeHead(503, { 'content-type': 'application/json' }).end('{}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the bulk writer has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    refused,
    holdNextAnswer: () =>
      new Promise((resolve) => {
        onHeld = resolve;
      }),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};

interface Bulk {
  readonly items: readonly { readonly create: { readonly status: number } }[];
}

interface Logs {
  readonly resourceLogs?: readonly {
    readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[];
  }[];
}

interface LogRecord {
  readonly body: Value;
  readonly attributes?: readonly Attribute[];
}

interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
interface Value {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly Value[] };
  readonly kvlistValue?: { readonly values?: readonly Attribute[] };
}

const idOf = ({ attributes = [] }: LogRecord): { _id?: string } => {
  const id = attributes.find(({ key }) => key === 'elasticsearch.document_id')?.value.stringValue;
  return id === undefined ? {} : { _id: id };
};

const plain = (value: Value): unknown => {
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plain);
  if (value.kvlistValue !== undefined)
    return Object.fromEntries((value.kvlistValue.values ?? []).map((each) => [each.key, plain(each.value)]));
  return value.stringValue ?? value.boolValue ?? value.doubleValue;
};
