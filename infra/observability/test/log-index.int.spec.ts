import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newContext, traceIdOf, withContext } from '@emporium/bus';
import { type OpensearchServer, opensearchMissing, startOpensearch } from '@emporium/servers';
import { createLog, type Log } from '@emporium/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { indexTemplate, logStream } from '../src/logs/index-template.ts';
import { queryFor, savedSearches } from '../src/logs/saved-searches.ts';
import { createStream, fieldsOf, search } from './support/search-index.ts';

const run = promisify(execFile);

const missing = await opensearchMissing();
const title = 'the index of log lines, on OpenSearch in place of Elasticsearch';

describe.skipIf(missing)(missing === undefined ? title : `${title} (skipped: ${missing})`, () => {
  let index: OpensearchServer;
  const lines: string[] = [];
  const [one, other] = [newContext({ correlationId: 'c-"1"' }), newContext()];
  const odd = JSON.stringify({
    ...{ '@timestamp': new Date().toISOString(), message: 'odd', 'service.name': 'order' },
    ...Object.fromEntries(Array.from({ length: 2_000 }, (_, each) => [`odd_${each}.deep.field`, each])),
    'emporium.attempt': 'many',
    'labels.sku': 'MUG-1',
  });

  beforeAll(async () => {
    index = await startOpensearch();
    await createStream(index.url);
    const destination = { write: (line: string) => void lines.push(line) };
    const logs = ['order', 'payment', 'email-worker'].map((service) =>
      createLog({ service, level: 'debug', destination }),
    );
    for (let round = 0; round < 20; round += 1) {
      for (const context of [one, other])
        withContext(context, () => logs.forEach((log) => writeLines(log, round)));
      await new Promise((resolve) => setTimeout(resolve, 2)); // lines are sorted by their milliseconds
    }
  });

  afterAll(() => index?.stop());

  const writeLines = (log: Log, round: number): void => {
    log.debug({ type: 'order.placed.v2', attempt: 1, ms: 3, facts: ['a', 'b'] }, `handled ${round}`);
    if (round % 10 === 0) log.warn({ err: new Error('refused'), delayMs: 250 }, 'retry');
    if (round === 7) log.error({ reason: 'after all attempts', undeclared: { a: 1 } }, 'dead letter');
  };

  /** The reasons for which documents were refused. */
  const write = async (documents: readonly string[]): Promise<readonly string[]> => {
    const response = await fetch(`${index.url}/${logStream}/_bulk`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: documents.map((each) => `{"create":{}}\n${each.trim()}\n`).join(''),
    });
    const { items } = (await response.json()) as { items: { create: { error?: object } }[] };
    return items.flatMap(({ create }) => (create.error === undefined ? [] : [JSON.stringify(create.error)]));
  };

  test('takes every line, and finds a request, a trace and what went wrong', async () => {
    expect(await write(lines)).toEqual([]);
    const request = await search(index.url, queryFor('emporium-request', one.correlationId));
    expect(request).toHaveLength(lines.length / 2);
    expect(new Set(request.map((line) => line['service.name'])).size).toBe(3);
    const times = request.map((line) => String(line['@timestamp']));
    expect(times).toEqual(times.toSorted());
    expect(await search(index.url, queryFor('emporium-trace', traceIdOf(other)))).toHaveLength(
      lines.length / 2,
    );
    const warnings = await search(
      index.url,
      savedSearches.find(({ id }) => id === 'emporium-warnings')?.query ?? '',
    );
    expect(warnings.map((line) => line['log.level']).toSorted()).toEqual([
      ...Array(6).fill('error'),
      ...Array(12).fill('warn'),
    ]);
    expect(await search(index.url, 'emporium.delay_ms:[200 TO 300] AND error.message:refused')).toHaveLength(
      12,
    );
  });

  test('takes a line with odd fields, and adds none of them to the index', async () => {
    const before = await fieldsOf(index.url);
    expect(await write([odd])).toEqual([]);
    const found = await search(index.url, 'message:odd');
    expect(found).toEqual([expect.objectContaining({ 'labels.sku': 'MUG-1', 'emporium.attempt': 'many' })]);
    expect(await fieldsOf(index.url)).toEqual(before);
    expect(before).toEqual(expect.arrayContaining(Object.keys(indexTemplate().template.mappings.properties)));
  });

  test('prepare-logs ends with the reason where the server refuses something, and where a variable is missing', async () => {
    const prepare = (env: Record<string, string>) =>
      run(process.execPath, [join(import.meta.dirname, '../src/prepare-logs.ts')], {
        env: { LOG_LEVEL: 'silent', ...env },
      });
    const addresses = { KIBANA_URL: index.url, JAEGER_URL: 'http://127.0.0.1:16686' };
    // OpenSearch has no retention in templates.
    await expect(prepare({ ...addresses, ELASTICSEARCH_URL: index.url })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^prepare-logs: PUT .*_component_template\/emporium-logs-retention: 400 .*lifecycle/,
      ),
    });
    await expect(prepare(addresses)).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringContaining('ELASTICSEARCH_URL is missing; for example ELASTICSEARCH_URL=http'),
    });
  });
});
