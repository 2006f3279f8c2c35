import { afterAll, beforeEach, expect, test, vi } from 'vitest';

/** Each test has metrics of its own: those of a process are never removed. */
const load = () => import('../index.ts');
let telemetry: Awaited<ReturnType<typeof load>>;

beforeEach(async () => {
  vi.resetModules();
  telemetry = await load();
});

afterAll(() => {
  vi.resetModules(); // the last copy does not count
});

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const record = () =>
  telemetry.startTracing({
    resource: { 'service.name': 'test' },
    exporter: { kind: 'own', url: 'http://127.0.0.1:1' },
    sampler: { ratio: 1, isParentBased: true },
    log: { info: () => undefined, warn: () => undefined },
  });

/** Without those about exported spans, which every process has. */
const own = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.includes('emporium_spans_'))
    .join('\n');

const scraped = async (accept?: string): Promise<string> => own((await telemetry.scrape(accept)).text);

test('a scrape is valid OpenMetrics: families, a total for each counter, and an end', async () => {
  telemetry
    .counter({ name: 'orders_total', help: 'Orders.', labels: ['kind'] })
    .add(2, { kind: 'a"b\\c\nd' });
  expect(await scraped()).toMatch(
    /^# HELP orders Orders\.\n# TYPE orders counter\norders_total\{kind="a\\"b\\\\c\\nd"\} 2\n# EOF\n$/m,
  );
  expect((await telemetry.scrape()).contentType).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
});

test('a client that accepts only text/plain gets that, also after another one got OpenMetrics', async () => {
  await record();
  telemetry.counter({ name: 'orders_total', help: 'Orders.' }).add(2, {});
  telemetry.histogram({ name: 'seconds', help: 'Time.', buckets: [1] }).observe(0.5, {}, traceparent);
  expect(await scraped('application/openmetrics-text;version=1.0.0,text/plain;q=0.5')).toContain(
    '# {trace_id=',
  );
  const { contentType, text } = await telemetry.scrape('text/plain');
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(own(text)).toBe(
    [
      '# HELP orders_total Orders.',
      '# TYPE orders_total counter',
      'orders_total 2',
      '# HELP seconds Time.',
      '# TYPE seconds histogram',
      'seconds_bucket{le="1"} 1',
      'seconds_bucket{le="+Inf"} 1',
      'seconds_sum 0.5',
      'seconds_count 1',
      '',
    ].join('\n'),
  );
});

test('a recorded span is the exemplar of its sample; others leave none', async () => {
  const seconds = telemetry.histogram({ name: 'seconds', help: 'Time.', buckets: [1] });
  seconds.observe(0.5, {}, traceparent); // nothing records spans yet
  expect(await scraped()).not.toContain('trace_id');
  await record();
  seconds.observe(0.5, {}, traceparent.replace(/01$/, '00'));
  seconds.observe(0.5, {}, 'malformed');
  expect(await scraped()).not.toContain('trace_id');
  seconds.observe(0.5, {}, traceparent);
  expect(await scraped()).toMatch(
    /^seconds_bucket\{le="1"\} 4 # \{trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"\} 0\.5 \d+/m,
  );
});

test('a gauge shows what its sources say now, and nothing where one fails or does not answer in time', async () => {
  const waiting = telemetry.gauge({ name: 'waiting', help: 'Waiting.' });
  let value = 7;
  const remove = waiting.from(() => [{ labels: {}, value }]);
  expect(await scraped()).toContain('\nwaiting 7\n');
  value = 8;
  expect(await scraped()).toContain('\nwaiting 8\n');
  remove();
  waiting.from(() => Promise.reject(new Error('away')));
  const stuck = vi.fn(() => new Promise<never>(() => undefined));
  waiting.from(stuck);
  telemetry.gauge({ name: 'other', help: 'Other.' }).from(() => [{ labels: {}, value: 1 }]);
  const began = performance.now();
  const [text] = await Promise.all([scraped(), scraped()]);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(text).not.toMatch(/^waiting /m);
  expect(text).toContain('\nother 1\n');
  await scraped();
  expect(stuck).toHaveBeenCalledOnce(); // a server that does not answer is not asked again meanwhile
});

test('what a process knows by itself is read before other sources begin, also those of earlier gauges', async () => {
  let waiting = 0;
  telemetry.gauge({ name: 'rows', help: 'Rows.' }).from(async () => {
    waiting += 1;
    return [{ labels: {}, value: 5 }];
  });
  const remove = telemetry
    .gauge({ name: 'waiting', help: 'Waiting.' })
    .fromMemory(() => [{ labels: {}, value: waiting }]);
  const text = await scraped();
  expect(text).toContain('\nwaiting 0\n');
  expect(text).toContain('\nrows 5\n');
  remove();
  expect(await scraped()).not.toMatch(/^waiting /m);
});

test('the series of a histogram that are known are shown from the start', async () => {
  const seconds = telemetry.histogram({
    ...{ name: 'seconds', help: 'Time.', labels: ['kind'], buckets: [1] },
    known: [{ kind: 'a' }, { kind: 'b' }],
  });
  seconds.observe(0.5, { kind: 'a' });
  const text = await scraped();
  expect(text).toContain('\nseconds_bucket{le="1",kind="a"} 1\n');
  expect(text).toContain('\nseconds_bucket{le="1",kind="b"} 0\n');
  expect(text).toContain('\nseconds_count{kind="b"} 0\n');
});

test('scrapes at the same time read a source once', async () => {
  const read = vi.fn(async () => [{ labels: {}, value: 1 }]);
  telemetry.gauge({ name: 'waiting', help: 'Waiting.' }).from(read);
  await Promise.all(Array.from({ length: 20 }, () => scraped()));
  expect(read).toHaveBeenCalledOnce();
});

test('a metric has at most 1,000 series; all others are one, and that is said once', async () => {
  const overflown = vi.fn();
  telemetry.onMetricOverflow(overflown);
  const orders = telemetry.counter({ name: 'orders_total', help: 'Orders.', labels: ['id'] });
  for (let id = 0; id < 10_000; id += 1) orders.add(1, { id: String(id) });
  orders.add(1, { id: '0' });
  const lines = (await scraped()).split('\n').filter((line) => line.startsWith('orders_total'));
  expect(lines).toHaveLength(1_001);
  expect(lines).toContain('orders_total{id="0"} 2');
  expect(lines).toContain('orders_total{otel_metric_overflow="true"} 9000');
  expect(overflown).toHaveBeenCalledExactlyOnceWith('orders_total');
});

test('the values of a gauge that are too many are added up in one series', async () => {
  const rows = telemetry.gauge({ name: 'rows', help: 'Rows.', labels: ['id'] });
  rows.from(() => Array.from({ length: 1_010 }, (_, id) => ({ labels: { id: String(id) }, value: 2 })));
  for (let scrape = 0; scrape < 2; scrape += 1)
    expect(await scraped()).toContain('\nrows{otel_metric_overflow="true"} 20\n');
});

test('values that are no numbers change nothing', async () => {
  const orders = telemetry.counter({ name: 'orders_total', help: 'Orders.' });
  const seconds = telemetry.histogram({ name: 'seconds', help: 'Time.', buckets: [1] });
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    orders.add(value, {});
    seconds.observe(value, {});
  }
  orders.add(-1, {});
  expect(await scraped()).toContain('\norders_total 0\n');
  expect(await scraped()).toContain('\nseconds_count 0\n');
});

test('with METRICS=off nothing is counted', async () => {
  const orders = telemetry.counter({ name: 'orders_total', help: 'Orders.' });
  telemetry.disableMetrics();
  orders.add(1, {});
  expect(await scraped()).toContain('\norders_total 0\n');
});
