import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { observabilityPages, whereToObserve } from './observability-pages.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const serverWith = async (status: number): Promise<string> => {
  const server = createServer((_, response) => response.writeHead(status).end('a page'));
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return String((server.address() as AddressInfo).port); // it listens on a port
};

test('pages that answer are shown, with the ports of the variables', async () => {
  const none = await serverWith(500);
  const env = {
    GRAFANA_PORT: await serverWith(200),
    PROMETHEUS_PORT: await serverWith(200),
    ALERTMANAGER_PORT: none,
    JAEGER_PORT: none,
    KIBANA_PORT: none,
  };
  expect(await whereToObserve(observabilityPages(env))).toEqual([
    ['dashboards', `http://127.0.0.1:${env.GRAFANA_PORT}`],
    ['metrics', `http://127.0.0.1:${env.PROMETHEUS_PORT}`],
  ]);
});

test('without any, the command that starts them is shown', async () => {
  const port = await serverWith(404);
  const names = ['GRAFANA_PORT', 'PROMETHEUS_PORT', 'ALERTMANAGER_PORT', 'JAEGER_PORT', 'KIBANA_PORT'];
  const env = Object.fromEntries(names.map((name) => [name, port]));
  const [place, ...more] = await whereToObserve(observabilityPages(env));
  expect(place?.[1]).toContain('docker compose --profile observability up');
  expect(more).toEqual([]);
});

test('a shop elsewhere has none', async () => expect(await whereToObserve([])).toEqual([]));
