import type { SendRegistration } from '@emporium/e2e';
import { reasonOf } from '@emporium/service';
import amqp from 'amqplib';

const queue = 'user_registrations';

/** To the plain RabbitMQ queue, as a minimal client does: with the defaults of its library. */
export const sendToQueue =
  (url: string): SendRegistration =>
  async (line) => {
    const connection = await amqp.connect(url);
    try {
      const channel = await connection.createChannel();
      await channel.assertQueue(queue, { durable: false });
      channel.sendToQueue(queue, Buffer.from(JSON.stringify(line)));
      await channel.close(); // when all is written
    } finally {
      await connection.close();
    }
    return `in the RabbitMQ queue ${queue}`;
  };

/** Why nobody can send there, or undefined. */
export const findRefusal = async (url: string): Promise<string | undefined> => {
  try {
    const connection = await amqp.connect(url, { timeout: 5_000 });
    await connection.close();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
};
