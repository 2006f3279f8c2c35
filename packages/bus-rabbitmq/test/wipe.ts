import { connect } from 'amqplib';
import type { Declarations } from '../src/topology/declarations.ts';

const record = 'emporium.topology';

/** Removes all that `topology apply` declared, of a server where nobody may run `rabbitmqctl reset`. */
export const wipeRecorded = async (url: string): Promise<void> => {
  const connection = await connect(url);
  try {
    const channel = await connection.createChannel();
    for (;;) {
      const message = await channel.get(record);
      if (message === false) break;
      const { exchanges, queues } = JSON.parse(message.content.toString()) as Declarations; // ours alone
      for (const { name } of queues) await channel.deleteQueue(name);
      for (const { name } of exchanges) await channel.deleteExchange(name);
      channel.ack(message);
    }
    await channel.deleteQueue(record);
    await channel.close();
  } finally {
    await connection.close();
  }
};
