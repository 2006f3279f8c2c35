import { messageOf } from '@emporium/bus';
import { redeclareMs } from '@emporium/bus/transport';
import type { ChannelModel } from 'amqplib';
import type { Config } from '../config.ts';
import type { Connection } from '../connection/connection.ts';
import type { Troubles } from '../consumer/trouble.ts';
import { type Declarations, without } from './declarations.ts';
import { type Conflicts, declareAll, exchangeExists, queueExists } from './declare.ts';
import type { Exchanges } from './exchanges.ts';

/**
 * Declares again what one consumer needs when it goes missing. The broker reports no removed exchange or binding, and a queue without
 * its binding gets no messages, so this checks every few seconds. It logs only when something is missing.
 */
export interface Upkeep {
  /** Declares it all. Resolves to what is there with other arguments, and is used as it is; throws the broker's refusal. */
  declare(model: ChannelModel): Promise<Conflicts>;
  stop(): void;
}

interface Keeping {
  readonly config: Config;
  readonly connection: Connection;
  readonly exchanges: Exchanges;
  readonly troubles: Troubles;
  /** The subscription, for the log. */
  readonly name: string;
  readonly layout: Declarations;
}

/** Well within `redeclareMs`, and randomised so that consumers do not check at the same time. */
const nextMs = (): number => redeclareMs * (0.4 + Math.random() * 0.2);

export const startUpkeep = ({ config, connection, exchanges, troubles, name, layout }: Keeping): Upkeep => {
  const trouble = troubles.begin();
  let problem: string | undefined;
  /** Less what conflicts: each try to declare that is an error in the broker's log. Unset until all was there once. */
  let kept: Declarations | undefined;
  let mayDeclare = true;
  let stopped = false;

  const declare = async (model: ChannelModel): Promise<Conflicts> => {
    for (const exchange of layout.exchanges) {
      if (!(await exchangeExists(model, exchange.name)))
        await exchanges.ensure(model, exchange.name, exchange);
    }
    const declared = await declareAll(model, layout);
    mayDeclare = declared.mayDeclare;
    kept = without(layout, { ...declared.conflicts, bindings: [] });
    return declared.conflicts;
  };

  const look = async (model: ChannelModel, expected: Declarations): Promise<void> => {
    for (const exchange of layout.exchanges) {
      if (await exchangeExists(model, exchange.name)) continue;
      if (!(await exchanges.ensure(model, exchange.name, exchange)))
        throw missing(`exchange ${exchange.name}`);
    }
    if (mayDeclare) return void (await declareAll(model, expected));
    for (const queue of layout.queues) {
      if (!(await queueExists(model, queue.name))) throw missing(`queue ${queue.name}`);
    }
  };

  const tick = async (): Promise<void> => {
    const model = connection.current();
    if (model === undefined || kept === undefined) return;
    try {
      await look(model, kept);
      trouble.end();
      if (problem !== undefined)
        config.log.info({ subscription: name }, 'all that it needs is declared again');
      problem = undefined;
    } catch (error) {
      if (connection.current() !== model || stopped) return;
      trouble.failed(error);
      const reason = messageOf(error);
      if (reason !== problem) config.log.warn({ subscription: name }, `not all is declared: ${reason}`);
      problem = reason;
    }
  };

  const again = () => void tick().finally(schedule);
  let timer: NodeJS.Timeout | undefined;
  const schedule = (): void => {
    if (!stopped) timer = setTimeout(again, nextMs()).unref();
  };
  schedule();

  return {
    declare,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      trouble.end();
    },
  };
};

const missing = (what: string): Error =>
  new Error(`${what} is missing, and this user may not declare it; apply the topology`);
