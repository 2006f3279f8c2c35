import { serviceConfig, streamUrl, url } from '@emporium/service';
import { z } from 'zod';

export const config = serviceConfig.extend({
  /** The broker of the open streams. Defaults to `BUS_URL`. */
  STREAM_URL: streamUrl.optional(),
  /** The RabbitMQ with the queue `user_registrations`. Defaults to `BUS_URL` if that is a RabbitMQ, else there is no such queue. */
  BRIDGE_AMQP_URL: url(['amqp:', 'amqps:'], 'amqp://bridge:password@127.0.0.1:5672/third-parties').optional(),
  /** The Redis to which other systems send tasks with Celery; without it there are none. */
  BRIDGE_CELERY_URL: url(['redis:', 'rediss:'], 'redis://bridge:password@127.0.0.1:6379/0').optional(),
  /** The list of those tasks: `task_default_queue` of the senders. */
  BRIDGE_CELERY_QUEUE: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, 'must have 1 to 100 letters, digits and -._:')
    .default('celery')
    .meta({ examples: ['celery'] }),
});
export type Config = z.output<typeof config>;
