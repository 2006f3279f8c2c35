import { messageOf } from '@emporium/bus';
import { atMost } from '@emporium/bus/transport';
import type { Channel, ChannelModel } from 'amqplib';
import type { Config } from '../config.ts';
import type { Connection } from './connection.ts';

/** A channel that is opened and set up again whenever it, or its connection, was lost. */
export interface KeptChannel<C extends Channel> {
  /** The channel, once it is set up. */
  current(): C | undefined;
  /** Ends it for good. What was delivered on it and not acked is delivered again, by then or soon after. */
  close(): Promise<void>;
}

export interface KeptChannelOptions<C extends Channel> {
  readonly purpose: string;
  readonly connection: Connection;
  readonly log: Config['log'];
  readonly open: (model: ChannelModel) => Promise<C>;
  /** Prepares a new channel; when it rejects, a new one is opened after a while. */
  readonly setUp?: (channel: C, model: ChannelModel) => Promise<void>;
  /** Called when a channel that was set up or in use has closed. */
  readonly onLost?: (channel: C) => void;
}

const firstDelayMs = 100;
const maxDelayMs = 5_000;
const closeTimeoutMs = 1_000;

export const keepChannel = <C extends Channel>(options: KeptChannelOptions<C>): KeptChannel<C> => {
  const { purpose, connection, log, open, setUp, onLost } = options;
  let channel: C | undefined;
  let opening: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  let problem: string | undefined; // as it was last logged
  let closed = false;

  const warn = (reason: string): void => {
    if (reason !== problem) log.warn({ channel: purpose }, reason);
    problem = reason;
  };

  const attempt = async (model: ChannelModel): Promise<void> => {
    let fresh: C | undefined;
    let reason: unknown;
    try {
      fresh = await open(model);
      const opened = fresh;
      opened.on('error', (error) => {
        reason = error;
      });
      opened.on('handler-error', (error) => {
        log.error({ channel: purpose }, `a listener failed: ${messageOf(error)}`);
      });
      opened.on('close', () => {
        reason ??= new Error('it was closed');
        onLost?.(opened);
        if (channel !== opened) return;
        channel = undefined;
        if (closed) return;
        warn(`channel lost: ${messageOf(reason)}`);
        connection.condition.changed();
        again();
      });
      await setUp?.(opened, model);
      if (closed) return await quietly(opened);
      if (reason !== undefined) throw reason;
      channel = opened;
      failures = 0;
      if (problem !== undefined) log.info({ channel: purpose }, 'the channel works again');
      problem = undefined;
      connection.condition.changed();
    } catch (error) {
      failures += 1;
      if (fresh !== undefined) await quietly(fresh);
      if (closed || connection.current() !== model) return;
      warn(`no channel yet: ${messageOf(error)}`);
    }
  };

  const ensure = (): void => {
    const model = connection.current();
    if (closed || channel !== undefined || opening !== undefined || model === undefined) return;
    clearTimeout(timer);
    opening = attempt(model).finally(() => {
      opening = undefined;
      if (channel === undefined) again();
    });
  };

  const again = (): void => {
    clearTimeout(timer);
    if (!closed) timer = setTimeout(ensure, Math.min(firstDelayMs * 2 ** failures, maxDelayMs));
  };

  const forget = connection.onChange(() => {
    failures = 0;
    ensure();
  });
  ensure();

  return {
    current: () => channel,
    close: async () => {
      closed = true;
      forget();
      clearTimeout(timer);
      if (opening !== undefined) await atMost(closeTimeoutMs, opening);
      if (channel !== undefined) await quietly(channel);
      channel = undefined;
    },
  };
};

/** The broker may have closed it already. */
const quietly = (channel: Channel): Promise<void> => atMost(closeTimeoutMs, closing(channel));

/** amqplib throws, instead of rejecting, when the channel is closed already. */
const closing = async (channel: Channel): Promise<void> => channel.close();
