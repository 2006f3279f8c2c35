import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { canStart, freePort, startRabbitmq } from '@emporium/servers';
import { Aedes } from 'aedes';

export interface MqttBroker {
  readonly url: string;
  stop(): Promise<void>;
}

export interface MqttBrokerKind {
  readonly name: string;
  readonly available: boolean;
  start(): Promise<MqttBroker>;
}

const rabbitmq = await canStart('rabbitmq');

/** A small broker in this process; its sessions are in memory. */
const startAedes = async (): Promise<MqttBroker> => {
  const broker = await Aedes.createBroker();
  const server = createServer(broker.handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's
  return {
    url: `mqtt://127.0.0.1:${port}`,
    stop: async () => {
      await new Promise<void>((done) => broker.close(done));
      server.close();
    },
  };
};

/** RabbitMQ with its plugin for MQTT. */
const startRabbitmqWithMqtt = async (): Promise<MqttBroker> => {
  const port = await freePort();
  const server = await startRabbitmq({
    plugins: ['rabbitmq_mqtt'],
    config: [`mqtt.listeners.tcp.default = 127.0.0.1:${port}`],
  });
  return { url: `mqtt://emporium:emporium@127.0.0.1:${port}`, stop: server.stop };
};

export const mqttBrokers: readonly MqttBrokerKind[] = [
  { name: 'aedes', available: true, start: startAedes },
  { name: 'RabbitMQ', available: rabbitmq.available, start: startRabbitmqWithMqtt },
];
