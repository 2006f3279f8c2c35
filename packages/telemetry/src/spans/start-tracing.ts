import { createSpanExporter } from './exporter.ts';
import type { Resource } from './otlp-json.ts';
import { createRecorder } from './recorder.ts';
import { ratioSampler } from './sampler.ts';
import { propagation, setTracing, type Tracing } from './tracing.ts';

export interface TracingOptions {
  /** `service.name` and what else says who makes the spans. */
  readonly resource: Resource;
  /** `sdk`: by OpenTelemetry's SDK, to a collector. `own`: by the small recorder, to the shop's own receiver. */
  readonly exporter:
    | { readonly kind: 'none' }
    | { readonly kind: 'own'; readonly url: string }
    | { readonly kind: 'sdk' };
  /** The share of new traces that are recorded, from 0 to 1. */
  readonly ratio: number;
  readonly onExported?: (spans: number) => void;
  readonly onDropped?: (spans: number, reason: string) => void;
}

/** Chooses what makes the spans of this process from now on, and returns it, to close it at the end. */
export const startTracing = async (options: TracingOptions): Promise<Tracing> => {
  const tracing = await create(options);
  setTracing(tracing);
  return tracing;
};

const create = async ({ resource, exporter, ratio, ...counted }: TracingOptions): Promise<Tracing> => {
  if (exporter.kind === 'none') return propagation;
  if (exporter.kind === 'own')
    return createRecorder(
      createSpanExporter({ url: exporter.url, resource, ...counted }),
      ratioSampler(ratio),
    );
  // Imported on demand: it takes 40 MB.
  const { createSdkTracing } = await import('./sdk.ts');
  return createSdkTracing({ resource, ratio });
};
