import { expect, test } from 'vitest';
import { createLog } from '../log.ts';
import { parseConfig } from './parse-config.ts';
import { telemetryConfig, tracingOptions } from './telemetry-settings.ts';

const silent = createLog({ service: 'order', level: 'silent' });

const exporterFor = (environment: Record<string, string>) =>
  tracingOptions('order', parseConfig(telemetryConfig, environment), silent).exporter;

const spans = { SPANS_URL: 'http://127.0.0.1:8090/v1/traces' };

test('spans go to a collector where one is named, else to the shop itself, else nowhere', () => {
  expect(exporterFor({ ...spans, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })).toEqual({
    kind: 'sdk',
  });
  expect(exporterFor(spans)).toEqual({ kind: 'own', url: spans.SPANS_URL });
  expect(exporterFor({})).toEqual({ kind: 'none' });
});

test('an empty address of a collector, as Docker Compose passes it on, is none', () => {
  expect(exporterFor({ ...spans, OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toMatchObject({ kind: 'own' });
  expect(exporterFor({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual({ kind: 'none' });
});

test('an address that is no URL is refused', () => {
  expect(() => exporterFor({ OTEL_EXPORTER_OTLP_ENDPOINT: 'otel-collector:4318' })).toThrow(
    /^OTEL_EXPORTER_OTLP_ENDPOINT is wrong: must be a URL that begins with http:/,
  );
});
