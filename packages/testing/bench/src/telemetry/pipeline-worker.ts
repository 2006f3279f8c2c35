// The pipeline in a process of its own, with the telemetry of its environment. Runs the loads that its parent sends.
import { disableMetrics, startTracing } from '@emporium/telemetry';
import { openPipeline, type PipelineLoad } from '../pipeline.ts';

const {
  BUS_URL: busUrl = '',
  DATABASE_URL: databaseUrl = '',
  SPANS_URL: spansUrl,
  OTEL_TRACES_SAMPLER_ARG: share = '1',
  METRICS: metrics,
} = process.env;
if (metrics === 'off') disableMetrics();
await startTracing({
  resource: { 'service.name': 'inventory' },
  exporter: spansUrl === undefined ? { kind: 'none' } : { kind: 'own', url: spansUrl },
  sampler: { ratio: Number(share), isParentBased: true },
  log: { info: () => undefined, warn: (_fields, text) => void process.stderr.write(`${text}\n`) },
});
const pipeline = await openPipeline({ busUrl, databaseUrl });
process.on('message', async (load: PipelineLoad) => {
  process.send?.(await pipeline.run(load));
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
