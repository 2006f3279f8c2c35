import { expect, test } from 'vitest';
import { createLog } from '../log.ts';
import { parseConfig } from './parse-config.ts';
import { telemetryConfig, tracingOptions } from './telemetry-settings.ts';

const silent = createLog({ service: 'order', level: 'silent' });

const optionsFor = (environment: Record<string, string>) =>
  tracingOptions('order', parseConfig(telemetryConfig, environment), silent);
const exporterFor = (environment: Record<string, string>) => optionsFor(environment).exporter;

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

test.each(['true', 'TRUE', 'True'])('OTEL_SDK_DISABLED=%s switches the export off', (value) => {
  expect(exporterFor({ ...spans, OTEL_SDK_DISABLED: value })).toEqual({ kind: 'none' });
});

test('a protocol that is not spoken is refused', () => {
  expect(() => exporterFor({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toThrow(
    'OTEL_EXPORTER_OTLP_PROTOCOL is wrong: must be http/protobuf, which most collectors receive at port 4318',
  );
});

test('the resource has the attributes of the environment, and its service name', () => {
  const environment = {
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test, team=a%2Cb,service.name=x',
  };
  expect(optionsFor({}).resource).toMatchObject({ 'service.name': 'order', 'service.namespace': 'emporium' });
  expect(optionsFor(environment).resource).toMatchObject({
    ...{ 'service.name': 'x', 'deployment.environment.name': 'test', team: 'a,b' },
    'service.namespace': 'emporium',
  });
  expect(optionsFor({ ...environment, OTEL_SERVICE_NAME: 'orders' }).resource['service.name']).toBe('orders');
});

test.each([
  'nonsense',
  '=x',
  'a=%zz',
  `a=${'x'.repeat(300)}`,
  Array.from({ length: 99 }, (_, n) => `k${n}=v`).join(),
])('OTEL_RESOURCE_ATTRIBUTES=%.20s is refused', (value) => {
  expect(() => optionsFor({ OTEL_RESOURCE_ATTRIBUTES: value })).toThrow(
    /^OTEL_RESOURCE_ATTRIBUTES is wrong: must /,
  );
});
