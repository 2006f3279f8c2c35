import { execFile, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createProcessGuard, freePort } from '@emporium/servers';
import { parse, stringify } from 'yaml';

const run = promisify(execFile);

/** The program, and its arguments in docker-compose.yml besides the file. */
const collectorProgram = process.env['OTELCOL'] ?? '';
const gates = '--feature-gates=+stanza.synchronousLogEmitter';

export const collectorMissing =
  collectorProgram === '' ? 'OTELCOL does not name an OpenTelemetry Collector' : undefined;

const configFile = join(import.meta.dirname, '../../collector/config.yaml');

interface Config {
  readonly exporters: Record<string, unknown>;
  readonly service: { readonly pipelines: { readonly logs: { exporters: string[] } } };
}

export interface Collector {
  readonly otlpUrl: string;
  /** Starts it again after `kill` or `stop`, with what it remembers. */
  start(): Promise<void>;
  /** SIGKILL, without a shutdown. */
  kill(): Promise<void>;
  /** A clean shutdown. */
  stop(): Promise<void>;
  /** What it has printed since its last start. */
  output(): string;
}

/**
 * Starts the collector with the shop's configuration, its files in `folder`. `bulkWriterUrl` takes the logs where the program has no
 * Elasticsearch exporter. `variables` are those of the configuration.
 */
export const startCollector = async (
  folder: string,
  bulkWriterUrl: string,
  variables: Readonly<Record<string, string>>,
): Promise<Collector> => {
  const config = join(folder, 'collector.yaml');
  await writeFile(config, stringify(await configFor(bulkWriterUrl)));
  const [grpc, http, metrics, health] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ].map(String);
  const logFile = join(folder, 'collector.log');
  const guard = createProcessGuard({ signal: 'KILL' });
  let child: ReturnType<typeof spawn> | undefined;

  const start = async (): Promise<void> => {
    const log = openSync(logFile, 'w');
    child = spawn(collectorProgram, ['--config', config, gates], {
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        COLLECTOR_HOST: '127.0.0.1',
        COLLECTOR_STORAGE: join(folder, 'storage'),
        OTLP_GRPC_PORT: grpc,
        OTLP_HTTP_PORT: http,
        COLLECTOR_METRICS_PORT: metrics,
        COLLECTOR_HEALTH_PORT: health,
        ...variables,
      },
    });
    guard.watch([Number(child.pid)]);
    while (!(await answersOk(`http://127.0.0.1:${health}`))) {
      if (child.exitCode !== null)
        throw new Error(`the collector did not start:\n${readFileSync(logFile, 'utf8')}`);
      await sleep(50);
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    otlpUrl: `http://127.0.0.1:${http}`,
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    output: () => readFileSync(logFile, 'utf8'),
  };
};

/** The shop's configuration; with an exporter to the bulk writer in place of the Elasticsearch exporter where that is missing. */
const configFor = async (bulkWriterUrl: string): Promise<Config> => {
  const config = parse(readFileSync(configFile, 'utf8'), { maxAliasCount: -1 }) as Config;
  if (await hasElasticsearchExporter()) return config;
  const { elasticsearch: _, ...exporters } = config.exporters;
  config.service.pipelines.logs.exporters = ['otlp_http/bulk'];
  const bulk = {
    logs_endpoint: bulkWriterUrl,
    encoding: 'json',
    compression: 'none',
    // As the Elasticsearch exporter has none.
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
  };
  return { ...config, exporters: { ...exporters, 'otlp_http/bulk': bulk } };
};

const hasElasticsearchExporter = async (): Promise<boolean> =>
  (await run(collectorProgram, ['components'])).stdout.includes('name: elasticsearch');

const answersOk = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
};
