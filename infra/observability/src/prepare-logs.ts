// Prepares Elasticsearch and Kibana for the shop's log lines, and exits. It can be repeated at any time.
import {
  ConfigError,
  createLog,
  type Log,
  parseConfig,
  reasonOf,
  retryUntilSuccess,
} from '@emporium/service';
import { RefusedCall } from './call.ts';
import { type Config, config } from './config.ts';
import { applyLogs } from './logs/apply-logs.ts';
import { applySavedObjects } from './logs/saved-objects.ts';

/** How long to wait for a server that is not up yet. */
const timeoutMs = 300_000;

const prepare = async (settings: Config, log: Log): Promise<void> => {
  const step = async (what: string, work: () => Promise<void>): Promise<void> => {
    const isTransient = (error: unknown) => !(error instanceof RefusedCall);
    await retryUntilSuccess(what, work, { log, timeoutMs, isTransient });
    log.info(what);
  };
  await step('index template of the log lines', () => applyLogs(settings.ELASTICSEARCH_URL));
  await step('data view and searches', () => applySavedObjects(settings.KIBANA_URL, settings.JAEGER_URL));
};

try {
  const settings = parseConfig(config, process.env);
  await prepare(settings, createLog({ service: 'prepare-logs', level: settings.LOG_LEVEL }));
} catch (error) {
  const wrongConfig = error instanceof ConfigError;
  process.stderr.write(`prepare-logs: ${wrongConfig ? error.message : reasonOf(error)}\n`);
  process.exitCode = wrongConfig ? 78 : 1;
}
