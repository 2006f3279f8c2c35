/** OpenTelemetry's variables, which the processes of the shop get as they are: with a collector's address, spans go there. */
export const telemetryVariables = (env: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && (name.startsWith('OTEL_') || name === 'METRICS') ? [[name, value]] : [],
    ),
  );
