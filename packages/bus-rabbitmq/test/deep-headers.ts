// Runs in a thread with a stack that is large enough to write what overflows the stack of who reads it.
import { workerData } from 'node:worker_threads';
import { connect } from 'amqplib';

const { url, exchange, routingKey, depth } = workerData as {
  readonly url: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly depth: number;
};

const nested = (wrap: (value: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = wrap(value);
  return value;
};

const connection = await connect(url);
const channel = await connection.createConfirmChannel();
for (const [body, deep] of Object.entries({
  table: nested((value) => ({ '': value })),
  list: nested((value) => [value]),
})) {
  channel.publish(exchange, routingKey, Buffer.from(`deep ${body}`), { headers: { deep } });
}
await channel.waitForConfirms();
await connection.close();
