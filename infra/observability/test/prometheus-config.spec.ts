import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { services } from '@emporium/launcher';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const read = (path: string): unknown => parse(readFileSync(resolve(import.meta.dirname, '..', path), 'utf8'));

test('Prometheus scrapes every process of the shop', () => {
  const { scrape_configs: jobs } = z
    .object({
      scrape_configs: z.array(
        z.object({
          job_name: z.string(),
          dns_sd_configs: z.array(z.object({ names: z.array(z.string()), port: z.number() })).default([]),
        }),
      ),
    })
    .parse(read('prometheus/prometheus.yml'));
  const scraped = jobs
    .filter(({ job_name }) => job_name === 'emporium')
    .flatMap(({ dns_sd_configs }) => dns_sd_configs.flatMap(({ names }) => names));
  expect(scraped.toSorted()).toEqual(services.map(({ name }) => name).toSorted());
});
