/** What a process does for telemetry, as environment variables. */
export interface TelemetryMode {
  readonly name: string;
  /** `spansUrl` receives the spans. */
  readonly env: (spansUrl: string) => Readonly<Record<string, string>>;
  /** The goal for the rate, as a share of the rate without telemetry. */
  readonly atLeast?: number;
}

/** The mode that the others are compared with. */
export const off: TelemetryMode = {
  name: 'off',
  env: () => ({ OTEL_TRACES_EXPORTER: 'none', METRICS: 'off' }),
};

const sampled = (share: string) => (url: string) => ({
  SPANS_URL: url,
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: share,
});

export const modes: readonly TelemetryMode[] = [
  { name: 'metrics', env: () => ({ OTEL_TRACES_EXPORTER: 'none' }) },
  { name: 'traces 1 %', env: (url) => ({ ...sampled('0.01')(url), METRICS: 'off' }) },
  { name: 'traces 1 %, metrics', env: sampled('0.01'), atLeast: 0.95 },
  { name: 'traces 100 %, metrics', env: sampled('1') },
];
