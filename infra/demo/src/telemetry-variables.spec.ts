import { expect, test } from 'vitest';
import { telemetryVariables } from './telemetry-variables.ts';

test("OpenTelemetry's variables are passed on, and no others", () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    METRICS: 'off',
    HOME: '/root',
    HOTEL_A: 'b',
  };
  expect(telemetryVariables(env)).toEqual({
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', METRICS: 'off' },
  });
});
