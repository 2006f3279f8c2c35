import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OpensearchServer, opensearchMissing, startOpensearch } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { createLogFile } from '@emporium/service/log-schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryFor } from '../src/logs/saved-searches.ts';
import { type BulkWriter, startBulkWriter } from './support/bulk-writer.ts';
import { type Collector, collectorMissing, startCollector } from './support/collector.ts';
import { createStream, search } from './support/search-index.ts';

const missing = collectorMissing ?? (await opensearchMissing());
const title = 'the collector ships log lines';

const lineOf = (fields: object): string =>
  JSON.stringify({
    'log.level': 'info',
    '@timestamp': '2026-11-29T13:05:58.594Z',
    'service.name': 'order',
    'process.pid': 7,
    message: 'odd',
    ...fields,
  });

describe.skipIf(missing)(missing === undefined ? title : `${title} (skipped: ${missing})`, () => {
  let folder: string;
  let index: OpensearchServer;
  let writer: BulkWriter;
  let collector: Collector;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emporium-collector-'));
    await mkdir(join(folder, 'logs'));
    await mkdir(join(folder, 'containers/c1'), { recursive: true });
    index = await startOpensearch();
    await createStream(index.url);
    writer = await startBulkWriter(index.url);
    collector = await startCollector(folder, writer.url, {
      SHOP_LOGS: join(folder, 'logs/*.log'),
      CONTAINER_LOGS: join(folder, 'containers/*/*-json.log*'),
      ELASTICSEARCH_URL: index.url,
    });
  });

  afterAll(async () => {
    await collector?.kill();
    await writer?.close();
    await index?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Waits until the search finds that many lines. */
  const expectLines = async (query: string, count: number) => {
    await expect.poll(async () => (await search(index.url, query)).length, { timeout: 20_000 }).toBe(count);
    return search(index.url, query);
  };

  const logOf = (service: string, maxBytes?: number) => {
    const file = join(folder, `logs/${service}.log`);
    return createLog({
      service,
      level: 'debug',
      destination: createLogFile({ file, keep: 50, ...(maxBytes === undefined ? {} : { maxBytes }) }),
    });
  };

  test('the lines of a request from all services, in the order of their times', async () => {
    const [order, payment] = [logOf('order'), logOf('payment')];
    for (let each = 0; each < 5; each += 1) {
      order.info({ correlationId: 'c-1', attempt: each }, `order ${each}`);
      await sleep(5);
      payment.warn({ correlationId: 'c-1', err: new Error('no') }, `payment ${each}`);
      await sleep(5);
      order.debug({ correlationId: 'c-2' }, 'another request');
    }
    const lines = await expectLines(queryFor('emporium-request', 'c-1'), 10);
    expect(lines.map(({ message }) => message)).toEqual(
      [0, 1, 2, 3, 4].flatMap((each) => [`order ${each}`, `payment ${each}`]),
    );
    expect(lines[1]).toMatchObject({ 'log.level': 'warn', 'service.name': 'payment', 'error.message': 'no' });
    expect(writer.refused).toEqual([]);
  });

  test('what is no log line as text, and what the index would refuse', async () => {
    const texts = [
      'Segmentation fault',
      '{"cut": "li',
      '[1]',
      lineOf({ message: { nested: true } }),
      lineOf({ '@timestamp': '2026-13-29T13:05:58.594Z' }),
      lineOf({ 'emporium.order.id': { nested: true } }),
      lineOf({ emporium: 'not an object' }),
      lineOf({ 'emporium.order.id': null }),
      lineOf(Object.fromEntries(Array.from({ length: 1_000 }, (_, each) => [`odd_${each}`, each]))),
    ];
    const lines = [
      ...texts,
      lineOf({ message: 'a number in words', 'emporium.attempt': 'many' }),
      lineOf({ message: 'an odd label', 'labels.odd': 'x'.repeat(2_000) }),
      'x'.repeat(1_048_576),
      'the last',
    ];
    await writeFile(join(folder, 'logs/odd.log'), `${lines.join('\n')}\n`);
    const found = await expectLines('tags:unparsed AND service.name:odd', texts.length + 2);
    const messages = found.map(({ message }) => String(message));
    expect(messages).toEqual(expect.arrayContaining([...texts, 'the last']));
    expect(messages.map(({ length }) => length).toSorted((a, b) => b - a)[0]).toBe(128 * 1_024);
    await expectLines('message:(number AND words)', 1);
    await expectLines('message:(odd AND label)', 1);
    expect(writer.refused).toEqual([]);
  });

  test('no line twice and none lost, while the index is away, files are rotated and the collector is killed', async () => {
    const log = logOf('busy', 50_000);
    const write = async (from: number, to: number) => {
      for (let each = from; each < to; each += 1) {
        log.info({ correlationId: 'busy', attempt: each }, `line ${each}`);
        if (each % 100 === 0) await sleep(20);
      }
    };
    await write(0, 1_000);
    await collector.kill();
    await write(1_000, 1_500);
    await collector.start();
    await write(1_500, 2_000);
    await expectLines(queryFor('emporium-request', 'busy'), 2_000);
    await index.kill();
    await write(2_000, 2_010);
    await sleep(1_500); // it has read these, and remembers what it has read
    await write(2_010, 3_000);
    await collector.kill();
    await collector.start();
    await write(3_000, 3_500);
    await collector.stop();
    await index.startServer();
    await collector.start();
    await expectLines(queryFor('emporium-request', 'busy'), 3_500);
    const written = writer.holdNextAnswer();
    await write(3_500, 4_000);
    await written;
    await collector.kill();
    await collector.start();
    const lines = await expectLines(queryFor('emporium-request', 'busy'), 4_000);
    expect(new Set(lines.map((line) => line['emporium.attempt'])).size).toBe(4_000);
    await collector.kill();
    await collector.start();
    await appendFile(join(folder, 'logs/odd.log'), 'after the restart\n');
    await expectLines('message:(after AND restart)', 1);
    expect(await search(index.url, queryFor('emporium-request', 'busy'))).toHaveLength(4_000);
    expect(writer.refused).toEqual([]);
  });

  test('the output of the containers of the shop, whose long lines Docker divides', async () => {
    const printed = (log: string, seconds: number, project = 'emporium') =>
      JSON.stringify({
        log,
        stream: 'stdout',
        attrs: { 'com.docker.compose.project': project, 'com.docker.compose.service': 'loyalty' },
        time: `2026-11-29T13:05:${seconds}.594123456Z`,
      });
    const long = lineOf({ 'service.name': 'loyalty', message: 'm'.repeat(16_384) });
    const lines = [
      printed(`${lineOf({ 'service.name': 'loyalty', message: 'in a container' })}\n`, 10),
      printed(long.slice(0, 16_000), 11),
      printed(long.slice(16_000), 11),
      printed('\n', 11),
      printed('plain output\n', 12),
      printed('of another project\n', 13, 'other'),
      printed('of the collector\n', 14).replace('loyalty', 'otel-collector'),
      '{"log":"without labels\\n","stream":"stdout","time":"2026-11-29T13:05:14.594123456Z"}',
    ];
    await writeFile(join(folder, 'containers/c1/c1-json.log'), `${lines.join('\n')}\n`);
    const found = await expectLines('service.name:loyalty', 3);
    const messages = found.map(({ message }) => String(message));
    expect(messages).toEqual(['plain output', 'in a container', 'm'.repeat(16_384)]);
    expect(found[0]).toMatchObject({ '@timestamp': '2026-11-29T13:05:12.594123456Z', tags: ['unparsed'] });
    await expectLines('message:("of another project" OR "of the collector" OR "without labels")', 0);
  });
});
