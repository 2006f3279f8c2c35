import type { RunningBroker } from '@emporium/bus-testing';
import { connect } from 'amqplib';
import { exchangeOf, routingKeyOf } from '../src/names.ts';

/** Publishes as a third party does: to the exchange of the contract's owner, with no property but the headers. */
export const injectInto =
  (url: string): RunningBroker['inject'] =>
  async ({ contract, headers, body }) => {
    const connection = await connect(url);
    try {
      const channel = await connection.createConfirmChannel();
      const table = Object.fromEntries(
        headers.map(({ header, value }) => [
          header,
          value instanceof Uint8Array ? Buffer.from(value) : value,
        ]),
      );
      const routingKey = routingKeyOf({ type: contract.type, key: '' });
      channel.publish(exchangeOf(contract), routingKey, Buffer.from(body), { headers: table });
      await channel.waitForConfirms();
    } finally {
      await connection.close();
    }
  };
