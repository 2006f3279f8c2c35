import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { logStream } from '../src/logs/index-template.ts';
import { savedSearches } from '../src/logs/saved-searches.ts';

const folder = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(resolve(folder, file), 'utf8');
const yaml = (file: string): unknown => parse(read(file), { merge: true, maxAliasCount: -1 });

const { services, volumes } = z
  .object({
    services: z.record(
      z.string(),
      z.object({
        profiles: z.tuple([z.literal('observability')]),
        image: z.string(),
        environment: z.record(z.string(), z.string()),
        ports: z.array(z.string()).default([]),
        volumes: z.array(z.string()).default([]),
        mem_limit: z.string().regex(/^\d+m$/),
        cap_drop: z.tuple([z.literal('ALL')]),
        security_opt: z.tuple([z.literal('no-new-privileges:true')]),
        healthcheck: z.union([
          z.object({ test: z.array(z.string()) }),
          z.object({ disable: z.literal(true) }),
        ]),
      }),
    ),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(yaml('collector/compose.yml'));

const collector = z
  .object({
    receivers: z.record(z.string(), z.unknown()),
    processors: z.record(z.string(), z.unknown()),
    exporters: z.looseObject({ elasticsearch: z.looseObject({ logs_index: z.string() }) }),
    extensions: z.record(z.string(), z.unknown()),
    service: z.looseObject({
      extensions: z.array(z.string()),
      pipelines: z.record(
        z.string(),
        z.object({
          receivers: z.array(z.string()),
          processors: z.array(z.string()),
          exporters: z.array(z.string()),
        }),
      ),
    }),
  })
  .parse(yaml('collector/config.yaml'));

test.each(Object.entries(services))(
  '%s has a pinned image, and only this machine reaches it',
  (_, { image, ports }) => {
    expect(image).toMatch(/:\d+\.\d+\.\d+$|^\$\{EMPORIUM_IMAGE:-emporium\}$/);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{\w+:-\d+\}:\d+$/);
  },
);

test('each has a page or port of its own', () => {
  const ports = Object.values(services).flatMap((service) => service.ports);
  const outer = ports.map((port) => /:-(\d+)\}/.exec(port)?.[1]);
  expect(outer.toSorted()).toEqual(['16686', '4317', '4318', '5601', '9200']);
});

test('what is mounted exists', () => {
  for (const [source = ''] of Object.values(services).flatMap((each) =>
    each.volumes.map((at) => at.split(':')),
  )) {
    if (source.startsWith('.')) expect(read(`collector/${source}`)).not.toBe('');
    else if (!source.startsWith('/')) expect(Object.keys(volumes)).toContain(source);
  }
});

test.each([
  ['collector/config.yaml', 'otel-collector'],
  ['jaeger/config.yaml', 'jaeger'],
])('the variables of %s without a default are those of %s', (file, service) => {
  const used = [...read(file).matchAll(/\$\{env:(\w+)(:-[^}]*)?\}/g)];
  expect(used.length).toBeGreaterThan(0);
  const required = used.filter(([, , fallback]) => fallback === undefined).map(([, name]) => name);
  expect(Object.keys(services[service]?.environment ?? {})).toEqual(expect.arrayContaining(required));
  const known = used.map(([, name]) => name);
  for (const name of Object.keys(services[service]?.environment ?? {})) expect(known).toContain(name);
});

test('every part of the collector is used, and every part that is used is there', () => {
  const { extensions, pipelines } = collector.service;
  expect(extensions.toSorted()).toEqual(Object.keys(collector.extensions).toSorted());
  for (const kind of ['receivers', 'processors', 'exporters'] as const) {
    const used = new Set(Object.values(pipelines).flatMap((pipeline) => pipeline[kind]));
    expect([...used].toSorted()).toEqual(Object.keys(collector[kind]).toSorted());
  }
});

test('nothing between a log file and the index answers before a line is written', () => {
  expect(collector.service.pipelines['logs']?.processors).toEqual(['memory_limiter']);
  expect(collector.exporters.elasticsearch).toMatchObject({
    logs_index: logStream,
    sending_queue: { enabled: false },
  });
  const command = z.looseObject({
    services: z.record(z.string(), z.looseObject({ command: z.array(z.string()).optional() })),
  });
  expect(command.parse(yaml('collector/compose.yml')).services['otel-collector']?.command).toContain(
    '--feature-gates=+stanza.synchronousLogEmitter',
  );
});

test('the links of Jaeger lead to searches in Kibana, by fields that they ask for', () => {
  const { linkPatterns } = z
    .object({
      linkPatterns: z.array(z.object({ type: z.string(), key: z.string(), url: z.url(), text: z.string() })),
    })
    .parse(JSON.parse(read('jaeger/ui.json')));
  expect(linkPatterns).toHaveLength(2);
  for (const { key, url } of linkPatterns) {
    const [, id] = /#\/view\/([\w-]+)\?/.exec(url) ?? [];
    const field = savedSearches.find((each) => each.id === id)?.query.split(':')[0];
    expect(url, key).toContain(`query:'${field}:"#{${key}}"'`);
  }
});
