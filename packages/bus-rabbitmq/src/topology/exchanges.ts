import { messageOf } from '@emporium/bus';
import type { ChannelModel } from 'amqplib';
import type { Config } from '../config.ts';
import { type Declarations, type Exchange, merge, nothing } from './declarations.ts';
import { codeOf, declareAll, exchangeExists } from './declare.ts';
import type { Known } from './known.ts';
import { withLock } from './topology-lock.ts';

/**
 * Keeps exchanges declared. One that is missing comes back with every subscription that is known to listen to it, under the
 * topology's lock: if each consumer bound its own queue in its own time, the events in between would reach some and be lost to others.
 */
export interface Exchanges {
  /**
   * Whether it is there, if need be now. `fallback` is what to declare of an exchange that is not known. False where it is
   * missing and neither known nor allowed to be declared.
   */
  ensure(model: ChannelModel, name: string, fallback?: Exchange): Promise<boolean>;
  /** Declares the queues and bindings around it again; for an exchange that is there and routes to nobody. */
  repair(model: ChannelModel, name: string): Promise<void>;
}

export const createExchanges = ({ timeoutMs, log }: Config, known: Known): Exchanges => {
  const troubled = new Set<string>();
  // What this connection's user may not do. It is tried once: each refusal is an error in the broker's log.
  const forbidden = new WeakSet<ChannelModel>();
  const lockless = new WeakSet<ChannelModel>();

  const underLock = async <T>(model: ChannelModel, work: () => Promise<T>): Promise<T> => {
    if (lockless.has(model)) return await work();
    let begun = false;
    try {
      return await withLock(model, timeoutMs, () => {
        begun = true;
        return work();
      });
    } catch (error) {
      if (begun || codeOf(error) !== 403) throw error;
      lockless.add(model);
      return await work();
    }
  };

  /** With as much as this user may declare; at the least the exchange. */
  const declare = async (model: ChannelModel, layout: Declarations): Promise<void> => {
    try {
      await declareAll(model, layout);
    } catch (error) {
      if (codeOf(error) !== 403) throw error;
      await declareAll(model, { ...nothing, exchanges: layout.exchanges });
    }
  };

  const ensure = async (model: ChannelModel, name: string, fallback?: Exchange): Promise<boolean> => {
    if (await exchangeExists(model, name)) return true;
    const own = fallback === undefined ? nothing : { ...nothing, exchanges: [fallback] };
    const layout = merge([known.around(name), own]);
    if (layout.exchanges.length === 0) return false;
    await declare(model, layout);
    const facts = { exchange: name, queues: layout.queues.length };
    log.info(facts, 'the exchange was missing: it is declared, with the queues that listen to it');
    return true;
  };

  const logOnce = (name: string, error?: unknown): void => {
    if (error === undefined) {
      if (troubled.delete(name)) log.info({ exchange: name }, 'the exchange is there again');
    } else if (!troubled.has(name)) {
      troubled.add(name);
      const why = `it is missing, and this user may not declare it; apply the topology: ${messageOf(error)}`;
      log.error({ exchange: name }, why);
    }
  };

  return {
    ensure: async (model, name, fallback) => {
      try {
        const isThere = forbidden.has(model)
          ? await exchangeExists(model, name)
          : await underLock(model, () => ensure(model, name, fallback));
        if (isThere) logOnce(name);
        return isThere;
      } catch (error) {
        if (codeOf(error) !== 403) throw error;
        forbidden.add(model);
        const isThere = await exchangeExists(model, name);
        logOnce(name, isThere ? undefined : error);
        return isThere;
      }
    },
    repair: async (model, name) => {
      if (forbidden.has(model)) return;
      try {
        await underLock(model, () => declareAll(model, known.around(name)));
      } catch (error) {
        if (codeOf(error) !== 403) throw error;
        forbidden.add(model);
      }
    },
  };
};
