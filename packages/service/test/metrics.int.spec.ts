import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@emporium/servers';
import { gauge, startTracing } from '@emporium/telemetry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHealth, createHttpServer, createLog, type LifecycleStage, listen } from '../src/index.ts';
import { measureProcess } from '../src/metrics.ts';

const lines: string[] = [];
const log = createLog({
  service: 'test',
  level: 'warn',
  destination: { write: (line) => void lines.push(line) },
});

const ports = { public: 0, own: 0, moved: 0 };
const stops: (() => Promise<void> | void)[] = [];

const serve = async (where: { PORT: number; METRICS_PORT?: number }): Promise<void> => {
  const health = createHealth();
  const server = await createHttpServer({
    log,
    health,
    api: { title: 'Test', description: 'A server for tests' },
    routes: [
      (app) => {
        app.get('/things/:id', { schema: { hide: true } }, () => ({ ok: true }));
      },
    ],
  });
  const stage: LifecycleStage = listen(server, health, { HOST: '127.0.0.1', ...where });
  const stop = await stage.start(new AbortController().signal);
  stops.push(() => stop?.(AbortSignal.timeout(5_000)));
};

beforeAll(async () => {
  const [first, second, third] = [await freePort(), await freePort(), await freePort()];
  Object.assign(ports, { own: first, public: second, moved: third });
  measureProcess('test', '1.2.3');
  // Nothing listens there: spans are dropped, and the traces of samples are shown all the same.
  const exporter = { kind: 'own', url: 'http://127.0.0.1:1/v1/traces' } as const;
  const tracing = await startTracing({
    resource: { 'service.name': 'test' },
    ...{ exporter, sampler: { ratio: 1, isParentBased: true } },
    log: { info: () => undefined, warn: () => undefined },
  });
  stops.push(() => tracing.close(0));
  await serve({ PORT: ports.own });
  await serve({ PORT: ports.public, METRICS_PORT: ports.moved });
}, 60_000);

afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
});

const metricsUrl = (port: number) => `http://127.0.0.1:${port}/metrics`;
const scraped = async (port = ports.own): Promise<string> => (await fetch(metricsUrl(port))).text();

describe('/metrics', () => {
  test('is OpenMetrics, or plain text for a client that accepts nothing else', async () => {
    const response = await fetch(metricsUrl(ports.own));
    expect(response.headers.get('content-type')).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    const text = await response.text();
    expect(text).toMatch(/\n# EOF\n$/);
    expect(text).toContain('target_info{service_name="test",service_version="1.2.3"} 1\n');
    expect(text).toMatch(/^process_cpu_time_seconds_total [\d.]+$/m);
    expect(text).toMatch(/^nodejs_eventloop_delay_max_seconds [\d.e-]+$/m);
    const plain = await fetch(metricsUrl(ports.own), { headers: { accept: 'text/plain' } });
    expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await plain.text()).not.toContain('# EOF');
  });

  test('HEAD has no body, and other methods are refused', async () => {
    for (const port of [ports.own, ports.moved]) {
      const head = await fetch(metricsUrl(port), { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      expect((await fetch(metricsUrl(port), { method: 'POST' })).status).toBe(405);
    }
  });

  test('with METRICS_PORT it is there alone, and nothing else is', async () => {
    expect((await fetch(metricsUrl(ports.public))).status).toBe(404);
    expect((await fetch(metricsUrl(ports.moved))).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${ports.moved}/health/live`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${ports.public}/health/live`)).status).toBe(200);
  });

  test('a METRICS_PORT that is taken is named', async () => {
    await expect(serve({ PORT: 0, METRICS_PORT: ports.own })).rejects.toThrow(
      `port ${ports.own} on 127.0.0.1 is taken; set METRICS_PORT to a free one`,
    );
  });

  test('many scrapes at once, slow readers and those that are cut off do no harm', async () => {
    for (const port of [ports.own, ports.moved]) {
      const texts = await Promise.all(Array.from({ length: 20 }, () => scraped(port)));
      expect(texts.every((text) => text.endsWith('# EOF\n'))).toBe(true);
      for (let cut = 0; cut < 50; cut += 1) {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
        if (cut % 2 === 0) await once(socket, 'data'); // its beginning
        socket.destroy();
      }
      const slow = connect(port, '127.0.0.1').pause();
      slow.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(5));
      expect(await scraped(port)).toMatch(/# EOF\n$/);
      slow.destroy();
    }
    expect(lines).toEqual([]);
  });

  test('a source that fails or never answers is left out, and the rest is there', async () => {
    const broken = gauge({ name: 'broken', help: 'For this test.' });
    const remove = [
      broken.from(() => Promise.reject(new Error('the database is away'))),
      broken.from(() => new Promise<never>(() => undefined)),
    ];
    const began = performance.now();
    const text = await scraped();
    for (const each of remove) each();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(text).not.toMatch(/^broken /m);
    expect(text).toMatch(/^process_memory_usage_bytes \d+$/m);
    expect(lines).toEqual([]);
  });
});

const hasPrometheus = existsSync('/usr/bin/prometheus') && existsSync('/usr/bin/promtool');

describe.skipIf(!hasPrometheus)('Prometheus (skipped where /usr/bin/prometheus is not installed)', () => {
  let folder: string;
  let server: ChildProcess;
  let url: string;

  const api = async (path: string): Promise<unknown> => (await fetch(`${url}/api/v1/${path}`)).json();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emporium-prometheus-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const targets = [{ targets: [`127.0.0.1:${ports.own}`], labels: { service_name: 'test' } }];
    await writeFile(join(folder, 'targets.json'), JSON.stringify(targets));
    await writeFile(
      join(folder, 'prometheus.yml'),
      `scrape_configs: [{ job_name: emporium, scrape_interval: 500ms, file_sd_configs: [{ files: ['targets.json'] }] }]`,
    );
    server = spawn(
      '/usr/bin/prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--enable-feature=exemplar-storage',
      ],
      { stdio: 'ignore' },
    );
  }, 30_000);

  afterAll(async () => {
    server.kill('SIGKILL');
    await once(server, 'exit');
    await rm(folder, { recursive: true });
  });

  test('accepts every metric, and finds no fault but the name of a convention', async () => {
    const plain = await fetch(metricsUrl(ports.own), { headers: { accept: 'text/plain' } });
    const child = execFile('/usr/bin/promtool', ['check', 'metrics']);
    let said = '';
    child.stderr?.on('data', (chunk) => (said += String(chunk)));
    child.stdin?.end(await plain.text());
    await once(child, 'close');
    const found = said
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('db_client_connection_count '));
    expect(found.filter((line) => line !== '')).toEqual([]);
  });

  test('scrapes them with exemplars', async () => {
    const exemplars =
      'query_exemplars?query=http_server_request_duration_seconds_bucket&start=0&end=4102444800';
    await fetch(`http://127.0.0.1:${ports.own}/things/1`);
    await expect
      .poll(() => api('query?query=http_server_request_duration_seconds_count'), { timeout: 30_000 })
      .toMatchObject({
        data: {
          result: expect.arrayContaining([
            expect.objectContaining({
              metric: expect.objectContaining({ service_name: 'test', http_route: '/things/:id' }),
            }),
          ]),
        },
      });
    await expect
      .poll(() => api(exemplars), { timeout: 30_000 })
      .toMatchObject({
        data: expect.arrayContaining([
          expect.objectContaining({
            exemplars: expect.arrayContaining([
              expect.objectContaining({
                labels: { trace_id: expect.stringMatching(/^[0-9a-f]{32}$/), span_id: expect.any(String) },
              }),
            ]),
          }),
        ]),
      });
    const { data } = (await api('targets')) as {
      data: { activeTargets: { health: string; lastError: string }[] };
    };
    expect(data.activeTargets.map(({ health, lastError }) => [health, lastError])).toEqual([['up', '']]);
  });
});
