import { httpUrl, logLevel } from '@emporium/service';
import { z } from 'zod';

export const config = z.object({
  LOG_LEVEL: logLevel.default('info'),
  ELASTICSEARCH_URL: httpUrl('http://127.0.0.1:9200'),
  KIBANA_URL: httpUrl('http://127.0.0.1:5601'),
  /** Where people reach Jaeger; log lines link there. */
  JAEGER_URL: httpUrl('http://127.0.0.1:16686'),
});
export type Config = z.output<typeof config>;
