import type { ChannelModel, ConfirmChannel } from 'amqplib';

/** Whom the end of a channel or a connection is reported to. */
export interface Closing {
  ended(reason: unknown): void;
}

/** Reports the end of the channel, with the broker's reason if it gave one. */
export const openChannel = async (model: ChannelModel, { ended }: Closing): Promise<ConfirmChannel> => {
  const channel = await model.createConfirmChannel();
  channel.on('error', ended);
  channel.on('handler-error', ended);
  channel.on('close', () => ended(new Error('the channel was closed')));
  return channel;
};
