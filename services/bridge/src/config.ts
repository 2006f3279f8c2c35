import { serviceConfig, streamUrl, url } from '@emporium/service';
import { z } from 'zod';
import { topicFilter } from './mqtt/topic-filter.ts';

export const config = serviceConfig.extend({
  /** The broker of the open streams. Defaults to `BUS_URL`. */
  STREAM_URL: streamUrl.optional(),
  /** The RabbitMQ of other systems. Defaults to `BUS_URL` if that is a RabbitMQ; else they are not reached over RabbitMQ. */
  BRIDGE_AMQP_URL: url(['amqp:', 'amqps:'], 'amqp://bridge:password@127.0.0.1:5672/third-parties').optional(),
  /** The RabbitMQ of the warehouse. Defaults to `BRIDGE_AMQP_URL`, and to what that defaults to. */
  BRIDGE_WAREHOUSE_URL: url(
    ['amqp:', 'amqps:'],
    'amqp://bridge:password@127.0.0.1:5672/warehouse',
  ).optional(),
  /** The Redis to which other systems send tasks with Celery; without it there are none. */
  BRIDGE_CELERY_URL: url(['redis:', 'rediss:'], 'redis://bridge:password@127.0.0.1:6379/0').optional(),
  /** The list of those tasks: `task_default_queue` of the senders. */
  BRIDGE_CELERY_QUEUE: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, 'must have 1 to 100 letters, digits and -._:')
    .default('celery')
    .meta({ examples: ['celery'] }),
  /** The MQTT broker of sensors, whose readings go into the stream. Without it there are none. */
  BRIDGE_MQTT_URL: url(['mqtt:', 'mqtts:'], 'mqtt://bridge:password@127.0.0.1:1883').optional(),
  /** The topics of the readings. */
  BRIDGE_MQTT_TOPIC: topicFilter.default('sensor_data/#'),
  /** Names the session on the broker, which has the topics that were subscribed under this name. */
  BRIDGE_MQTT_CLIENT_ID: z
    .string()
    .regex(/^[\w-]{1,23}$/, 'must be 1 to 23 letters, digits, - and _')
    .default('emporium-bridge'),
  /** Webhooks over plain HTTP and to private addresses: for development. */
  WEBHOOKS_ALLOW_PRIVATE: z
    .enum(['true', 'false'], 'must be true or false')
    .default('false')
    .transform((text) => text === 'true')
    .meta({ examples: ['false'] }),
  /** A webhook whose every attempt failed for so long is disabled. */
  WEBHOOKS_DISABLE_AFTER_DAYS: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be 1 or more')
    .max(365, 'must be a year or less')
    .default(5),
});
export type Config = z.output<typeof config>;

/** The RabbitMQ of other systems, if there is one. */
export const amqpUrlOf = ({ BRIDGE_AMQP_URL, BUS_URL }: Config): string | undefined =>
  BRIDGE_AMQP_URL ?? (/^amqps?:/.test(BUS_URL) ? BUS_URL : undefined);

/** The RabbitMQ of the warehouse, if there is one. */
export const warehouseUrlOf = (config: Config): string | undefined =>
  config.BRIDGE_WAREHOUSE_URL ?? amqpUrlOf(config);
