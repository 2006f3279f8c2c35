import {
  type Consumer,
  consume,
  createMessage,
  emit,
  type Log,
  newContext,
  type Transport,
} from '@emporium/bus';
import { createRegistry, quick, reserveStock, stockReserved, subscription } from '@emporium/contracts';
import { createStore, handlersFor, type Store, statements } from '@emporium/store';
import type { Figure } from './report/report.ts';
import { median } from './report/statistics.ts';
import { openTransport } from './transport/transports.ts';

const commands = subscription('inventory.pipeline', { to: [reserveStock], retry: quick });
const replies = subscription('order.pipeline', { to: [stockReserved], retry: quick });
const registry = createRegistry({
  contracts: [reserveStock, stockReserved],
  subscriptions: [commands, replies],
});

interface Tables {
  readonly reservation: { readonly order_id: string; readonly pieces: number };
}

const onReserveStock = handlersFor<Tables>().handle(reserveStock, async ({ data }, { tx }) => {
  const pieces = data.lines.reduce((sum, { quantity }) => sum + quantity, 0);
  await tx.insertInto('reservation').values({ order_id: data.orderId, pieces }).execute();
  return emit(stockReserved, { orderId: data.orderId });
});

const modes = [
  { what: 'many available messages', concurrency: 200, messages: 3_000 },
  { what: 'one at a time', concurrency: 1, messages: 400 },
];
const rounds = 3;

export interface PipelineOptions {
  readonly busUrl: string;
  /** An empty database on a real server. */
  readonly databaseUrl: string;
}

/**
 * One process that handles commands and replies to each with an event, with everything on: validation, inbox, a state change,
 * outbox, relay, ack. A message counts when the broker has confirmed its reply.
 */
export const benchPipeline = async (options: PipelineOptions): Promise<readonly Figure[]> => {
  const pipeline = await openPipeline(options);
  const measured = modes.map((mode) => ({ ...mode, results: [] as Round[] }));
  try {
    for (let round = 0; round <= rounds; round += 1) {
      for (const { concurrency, messages, results } of measured) {
        const result = await pipeline.run({ concurrency, messages });
        if (round > 0) results.push(result);
      }
    }
  } finally {
    await pipeline.close();
  }
  return measured.flatMap(({ what, results }) => [
    { what, unit: '/s', value: median(results.map(({ rate }) => rate)) },
    {
      what: '  CPU of the process per message',
      unit: 'ms',
      value: median(results.map(({ cpuMs }) => cpuMs)),
    },
  ]);
};

/** The pipeline of one process, ready for rounds. */
export interface Pipeline {
  /** Publishes so many commands and handles them. */
  run(load: PipelineLoad): Promise<Round>;
  close(): Promise<void>;
}

export interface PipelineLoad {
  readonly concurrency: number;
  readonly messages: number;
}

export const openPipeline = async ({ busUrl, databaseUrl }: PipelineOptions): Promise<Pipeline> => {
  const transport = await openTransport(busUrl);
  await transport.topology(registry).apply();
  const store = createStore<Tables>({ service: 'inventory', registry, url: databaseUrl, log });
  await store.migrate({
    '001-reservation': statements(
      'create table reservation (order_id text primary key, pieces integer not null)',
    ),
  });
  const replies = countReplies(transport);
  const relay = store.startRelay(replies.transport);
  return {
    run: async (load) => {
      await fill(transport, load.messages);
      return runRound({ store, transport, replies, ...load });
    },
    close: async () => {
      await relay.stop();
      await store.close();
      await transport.close();
    },
  };
};

export interface Round {
  /** Messages a second. */
  readonly rate: number;
  readonly cpuMs: number;
}

interface RoundOptions extends PipelineLoad {
  readonly store: Store<Tables>;
  readonly transport: Transport;
  readonly replies: Replies;
}

/** From the start of the first message to the confirm of the last reply. */
const runRound = async ({
  store,
  transport,
  replies,
  concurrency,
  messages,
}: RoundOptions): Promise<Round> => {
  const { run, handles } = store.runner(commands, [onReserveStock]);
  const replied = replies.next(messages);
  let start: { readonly at: number; readonly cpu: NodeJS.CpuUsage } | undefined;
  const consumer: Consumer = await consume({
    transport,
    registry,
    subscription: commands,
    handles,
    run: (message, signal) => {
      start ??= { at: performance.now(), cpu: process.cpuUsage() };
      return run(message, signal);
    },
    probe: store.probe,
    limits: { concurrency },
    log,
  });
  await replied;
  if (start === undefined) throw new Error('replies were sent before the first message');
  const ms = performance.now() - start.at;
  const { user, system } = process.cpuUsage(start.cpu);
  await consumer.stop();
  return { rate: (messages / ms) * 1_000, cpuMs: (user + system) / 1_000 / messages };
};

interface Replies {
  /** The transport of the relay. */
  readonly transport: Transport;
  /** Resolves when the broker has accepted `count` more replies. */
  next(count: number): Promise<void>;
}

const countReplies = (transport: Transport): Replies => {
  let left = 0;
  let done = (): void => {};
  return {
    transport: {
      ...transport,
      publish: async (messages) => {
        const results = await transport.publish(messages);
        left -= results.filter(({ status }) => status === 'accepted').length;
        if (left <= 0) done();
        return results;
      },
    },
    next: (count) =>
      new Promise((resolve) => {
        left = count;
        done = resolve;
      }),
  };
};

const fill = async (transport: Transport, count: number): Promise<void> => {
  const messages = Array.from({ length: count }, () => {
    const orderId = nextId();
    const data = { orderId, lines: [{ sku: 'BENCH-1', quantity: 1 }] };
    return createMessage('order', reserveStock, data, newContext(), { stepId: `${orderId}/reserve/1` });
  });
  for (let sent = 0; sent < count; sent += 500) {
    for (const result of await transport.publish(messages.slice(sent, sent + 500))) {
      if (result.status === 'refused') throw result.error;
    }
  }
};

let ids = 0;
/** An id in the form of a UUIDv7. */
const nextId = (): string => {
  ids += 1;
  return `019a0000-0000-7000-8000-${String(ids).padStart(12, '0')}`;
};

/** Prints warnings, since they make the figures useless. */
const log: Log = {
  info: () => {},
  warn: (facts, message) => process.stderr.write(`${message} ${JSON.stringify(facts)}\n`),
  error: (facts, message) => process.stderr.write(`${message} ${JSON.stringify(facts)}\n`),
};
