import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { dataSources } from '../src/data-sources.ts';

const folder = resolve(import.meta.dirname, '../grafana');
const source = z.object({ type: z.string(), uid: z.string() });
const dashboardSchema = z.object({
  uid: z.string(),
  title: z.string().min(1),
  description: z.string().min(1),
  schemaVersion: z.number(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), datasource: source.optional() })) }),
  annotations: z.object({ list: z.array(z.object({ datasource: source })) }),
  panels: z.array(
    z.object({
      id: z.number(),
      type: z.string(),
      title: z.string().min(1),
      description: z.string().optional(),
      datasource: source.optional(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      fieldConfig: z.object({ defaults: z.object({ unit: z.string().optional() }) }).optional(),
      targets: z
        .array(z.object({ refId: z.string(), expr: z.string().min(1), legendFormat: z.string().min(1) }))
        .default([]),
    }),
  ),
});

const dashboards = readdirSync(resolve(folder, 'dashboards')).map((file) => ({
  file,
  ...dashboardSchema.parse(JSON.parse(readFileSync(resolve(folder, 'dashboards', file), 'utf8'))),
}));
type Position = (typeof dashboards)[number]['panels'][number]['gridPos'];

const overlap = (a: Position, b: Position): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

test('each dashboard has its own uid, so that links find it', () =>
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length));

test.each(dashboards)('$file: panels have ids of their own, and do not overlap', ({ panels }) => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const [index, { gridPos, title }] of panels.entries()) {
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
    for (const other of panels.slice(index + 1))
      expect(overlap(gridPos, other.gridPos), `${title} and ${other.title}`).toBe(false);
  }
});

test.each(dashboards)('$file: every panel says what it shows, in a unit, with named lines', ({ panels }) => {
  for (const { type, title, description, fieldConfig, targets } of panels.filter(
    ({ type }) => type !== 'row',
  )) {
    expect(description, title).toMatch(/\.$/);
    expect(fieldConfig?.defaults.unit, title).toBeDefined();
    expect(targets.length, `${type} ${title}`).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
  }
});

test.each(dashboards)('$file: its variables are defined', (dashboard) => {
  const defined = [...dashboard.templating.list.map(({ name }) => name), '__rate_interval', '__range'];
  const used = [...JSON.stringify(dashboard.panels).matchAll(/\$\{?(\w+)/g)].map(([, name]) => name);
  expect(used.filter((name) => !defined.includes(name ?? ''))).toEqual([]);
});

test('every data source that a dashboard uses is provisioned', () => {
  const { datasources } = z
    .object({
      datasources: z.array(
        z.object({
          uid: z.string(),
          type: z.string(),
          jsonData: z
            .object({
              exemplarTraceIdDestinations: z
                .array(z.object({ name: z.string(), url: z.string() }))
                .optional(),
            })
            .optional(),
        }),
      ),
    })
    .parse(parse(readFileSync(resolve(folder, 'provisioning/datasources/datasources.yml'), 'utf8')));
  const provisioned = datasources.map(({ uid, type }) => `${type} ${uid}`);
  const used = dashboards
    .flatMap(({ panels, annotations, templating }) => [...panels, ...annotations.list, ...templating.list])
    .flatMap(({ datasource }) => (datasource === undefined ? [] : [`${datasource.type} ${datasource.uid}`]));
  expect([...new Set(used)].filter((each) => !provisioned.includes(each))).toEqual([]);
  expect(Object.values(dataSources).map(({ type, uid }) => `${type} ${uid}`)).toEqual(provisioned);
  const traces = datasources.flatMap(({ jsonData }) => jsonData?.exemplarTraceIdDestinations ?? []);
  // `$$` is a dollar: Grafana replaces variables in this file.
  expect(traces).toEqual([{ name: 'trace_id', url: `http://127.0.0.1:16686/trace/$${'$'}{__value.raw}` }]);
});
