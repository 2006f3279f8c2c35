import { serviceConfig, streamUrl, url } from '@emporium/service';
import type { z } from 'zod';

export const config = serviceConfig.extend({
  /** The broker of the open streams. Defaults to `BUS_URL`. */
  STREAM_URL: streamUrl.optional(),
  /** The RabbitMQ of other systems. Defaults to `BUS_URL` where that is one; without either they are not reached over RabbitMQ. */
  BRIDGE_AMQP_URL: url(['amqp:', 'amqps:'], 'amqp://bridge:password@127.0.0.1:5672').optional(),
});
export type Config = z.output<typeof config>;

/** The RabbitMQ of other systems, if there is one. */
export const amqpUrlOf = ({ BRIDGE_AMQP_URL, BUS_URL }: Config): string | undefined =>
  BRIDGE_AMQP_URL ?? (/^amqps?:/.test(BUS_URL) ? BUS_URL : undefined);
