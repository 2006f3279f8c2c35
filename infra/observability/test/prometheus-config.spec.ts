import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { services } from '@emporium/launcher';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const { scrape_configs: jobs } = z
  .object({
    scrape_configs: z.array(
      z.object({
        job_name: z.string(),
        dns_sd_configs: z.array(z.object({ names: z.array(z.string()), port: z.number() })).default([]),
      }),
    ),
  })
  .parse(parse(readFileSync(resolve(import.meta.dirname, '../prometheus/prometheus.yml'), 'utf8')));

const scraped = jobs.flatMap(({ dns_sd_configs }) => dns_sd_configs.flatMap(({ names }) => names));
const names = services.map(({ name }) => name);

test.each(names)('Prometheus scrapes %s', (name) => expect(scraped).toContain(name));

test('Prometheus scrapes nothing else of the shop', () =>
  expect(scraped.filter((name) => !names.includes(name))).toEqual([]));
