import type { Transport } from '@emporium/bus';
import { isOfStream } from '@emporium/contracts';
import { createService, type LifecycleStage, type Log, type ServiceContext } from '@emporium/service';
import type { Config } from './config.ts';
import { deadLetterConsumer } from './dead-letter-consumer.ts';
import { groupingStage } from './grouping.ts';
import { createBatchRunner } from './jobs/run-batch.ts';
import { createJobRunner } from './jobs/runner.ts';
import { createLauncher } from './launcher/launcher.ts';
import { migrations } from './migrations/index.ts';
import { queueMetrics } from './queues/metrics.ts';
import { createBrokerReader } from './queues/read-brokers.ts';
import { createReplay } from './replay/replay.ts';
import { createReplayBatch } from './replay/replay-batch.ts';
import { retentionStep } from './retention.ts';
import { auditRoutes } from './routes/audit.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { discardRoutes } from './routes/discard.ts';
import { groupRoutes } from './routes/groups.ts';
import { handledMessageRoutes } from './routes/handled-messages.ts';
import { jobRoutes } from './routes/jobs.ts';
import { messageRoutes } from './routes/messages.ts';
import { otlpRoutes } from './routes/otlp.ts';
import { outcomeRoutes } from './routes/outcome.ts';
import { previewRoutes } from './routes/preview.ts';
import { processRoutes } from './routes/processes.ts';
import { queueRoutes } from './routes/queues.ts';
import { replayRoutes } from './routes/replay.ts';
import { serviceGraphRoutes } from './routes/service-graph.ts';
import { subscriptionRoutes } from './routes/subscriptions.ts';
import { traceRoutes } from './routes/traces.ts';
import { createSpanBuffer } from './spans/span-buffer.ts';
import type { Tables } from './store/tables.ts';

const day = 24 * 60 * 60 * 1_000;

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('operations', config, log, (parts) => {
    const { store, transport, stream } = parts;
    const { LAUNCHER_URL, LAUNCHER_TOKEN } = config;
    const sendTo = sendToEither(parts);
    const replayBatch = createReplayBatch(store, sendTo);
    const jobs = createJobRunner(store, createBatchRunner(store, replayBatch), log);
    const readBrokers = createBrokerReader(parts);
    const spans = createSpanBuffer(
      store,
      { maxSpans: config.SPANS_MAX_ROWS, maxBytes: config.SPANS_MAX_BYTES },
      log,
    );
    const limits = {
      maxOpenMs: config.OPEN_DEAD_LETTERS_DAYS * day,
      maxPerSubscription: config.DEAD_LETTERS_PER_SUBSCRIPTION,
    };

    return {
      description:
        'Lists, replays and discards dead letters, pauses subscriptions, tells what waits for them, and keeps the audit record and the spans of the last hour.',
      migrations,
      routes: [
        deadLetterRoutes(store),
        groupRoutes(store),
        previewRoutes(store),
        outcomeRoutes(store),
        replayRoutes(store, createReplay(store, sendTo), replayBatch),
        discardRoutes(store),
        jobRoutes(store, jobs),
        messageRoutes(store, sendTo),
        handledMessageRoutes(store),
        auditRoutes(store),
        subscriptionRoutes(store),
        queueRoutes(store, readBrokers),
        otlpRoutes(spans),
        traceRoutes(store, spans.counts),
        serviceGraphRoutes(store),
        ...(LAUNCHER_URL === undefined || LAUNCHER_TOKEN === undefined
          ? []
          : [processRoutes(store, createLauncher(LAUNCHER_URL, LAUNCHER_TOKEN))]),
      ],
      background: [
        ...[...new Set([transport, stream])].map((each) => deadLetterConsumer(parts, each)),
        groupingStage(store, log),
        jobs.stage,
        spans.stage,
        retentionStep(store, limits, log),
        queueMetrics(store, readBrokers),
      ],
      retention: [
        { table: 'dead_letter', column: 'resolved_at', keepMs: 90 * day },
        { table: 'dead_letter_job', column: 'ended_at', keepMs: 90 * day },
        { table: 'audit', column: 'at', keepMs: 365 * day },
      ],
    };
  });

/** Sends through the broker that carries the subscription. */
const sendToEither =
  ({ transport, stream }: ServiceContext<Tables>): Transport['sendTo'] =>
  (subscription, message) =>
    (isOfStream(subscription) ? stream : transport).sendTo(subscription, message);
