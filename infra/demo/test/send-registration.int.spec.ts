import { serverFor } from '@emporium/servers';
import amqp from 'amqplib';
import { describe, expect, test } from 'vitest';
import { findRefusal, sendToQueue } from '../src/send-registration.ts';

const rabbitmq = await serverFor('rabbitmq');
const queue = 'user_registrations';

describe.skipIf(!rabbitmq.available)(rabbitmq.title('a registration of another system'), () => {
  test('is a line of JSON in the queue when it is sent', async () => {
    const line = { user_id: 123, email: 'hedy@example.com', name: 'Hedy' };
    expect(await findRefusal(rabbitmq.url)).toBeUndefined();
    await sendToQueue(rabbitmq.url)(line);
    const connection = await amqp.connect(rabbitmq.url);
    const channel = await connection.createChannel();
    const message = await channel.get(queue, { noAck: true });
    expect(message && JSON.parse(message.content.toString())).toEqual(line);
    await channel.deleteQueue(queue);
    await connection.close();
  });

  test('cannot be sent with a wrong password, or where no broker is: both are said', async () => {
    const wrong = new URL(rabbitmq.url);
    wrong.password = 'wrong';
    expect(await findRefusal(wrong.href)).toContain('ACCESS_REFUSED');
    expect(await findRefusal('amqp://127.0.0.1:1')).toContain('ECONNREFUSED');
  });
});
