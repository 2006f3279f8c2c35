import { serviceConfig, streamUrl, url } from '@emporium/service';
import { z } from 'zod';
import { topicFilter } from './mqtt/topic-filter.ts';

export const config = serviceConfig.extend({
  /** The broker of the open streams. Defaults to `BUS_URL`. */
  STREAM_URL: streamUrl.optional(),
  /** The RabbitMQ of other systems. Defaults to `BUS_URL` where that is one; without either they are not reached over RabbitMQ. */
  BRIDGE_AMQP_URL: url(['amqp:', 'amqps:'], 'amqp://bridge:password@127.0.0.1:5672').optional(),
  /** The MQTT broker of sensors, whose readings go into the stream. Without it there are none. */
  BRIDGE_MQTT_URL: url(['mqtt:', 'mqtts:'], 'mqtt://bridge:password@127.0.0.1:1883').optional(),
  /** The topics of the readings. */
  BRIDGE_MQTT_TOPIC: topicFilter.default('sensor_data/#'),
  /** Names the session on the broker, which has the topics that were subscribed under this name. */
  BRIDGE_MQTT_CLIENT_ID: z
    .string()
    .regex(/^[\w-]{1,23}$/, 'must be 1 to 23 letters, digits, - and _')
    .default('emporium-bridge'),
});
export type Config = z.output<typeof config>;

/** The RabbitMQ of other systems, if there is one. */
export const amqpUrlOf = ({ BRIDGE_AMQP_URL, BUS_URL }: Config): string | undefined =>
  BRIDGE_AMQP_URL ?? (/^amqps?:/.test(BUS_URL) ? BUS_URL : undefined);
