import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProcessGuard, freePort } from '@emporium/servers';

const program = process.env['JAEGER'] ?? '';

export const jaegerMissing = program === '' ? 'JAEGER does not name a Jaeger 2' : undefined;

export interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly processID: string;
  readonly references: readonly {
    readonly refType: string;
    readonly spanID: string;
    readonly traceID: string;
  }[];
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

export interface Jaeger {
  /** For OTLP over gRPC: `127.0.0.1:port` */
  readonly endpoint: string;
  /** Undefined while it knows no span of the trace. */
  trace(traceId: string): Promise<JaegerTrace | undefined>;
  stop(): Promise<void>;
}

/** Starts Jaeger with the shop's configuration. */
export const startJaeger = async (folder: string): Promise<Jaeger> => {
  const config = join(import.meta.dirname, '../../jaeger');
  const [query, grpc, health, otlp] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const log = openSync(join(folder, 'jaeger.log'), 'w');
  const child = spawn(program, ['--config', join(config, 'config.yaml')], {
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      JAEGER_HOST: '127.0.0.1',
      JAEGER_UI: join(config, 'ui.json'),
      JAEGER_QUERY_PORT: String(query),
      JAEGER_QUERY_GRPC_PORT: String(grpc),
      JAEGER_HEALTH_PORT: String(health),
      JAEGER_OTLP_PORT: String(otlp),
    },
  });
  const guard = createProcessGuard({ signal: 'KILL' });
  guard.watch([Number(child.pid)]);
  const get = (path: string) => fetch(`http://127.0.0.1:${query}${path}`);
  while (
    !(await get('/api/services').then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`Jaeger did not start: ${join(folder, 'jaeger.log')}`);
    await sleep(100);
  }
  return {
    endpoint: `127.0.0.1:${otlp}`,
    trace: async (traceId) => {
      const { data } = (await (await get(`/api/traces/${traceId}`)).json()) as { data: JaegerTrace[] | null };
      return data?.[0];
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await ended;
      guard.dismiss();
    },
  };
};
