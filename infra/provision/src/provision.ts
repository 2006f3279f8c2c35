// Prepares RabbitMQ and PostgreSQL for the services, and exits. Run it before the services start; it can be repeated at any time.
import {
  applyAccess,
  applyMailboxAccess,
  applyMqttAccess,
  applyThirdPartyAccess,
  privilegesOf,
} from '@emporium/bus-rabbitmq';
import { type Registry, shop, userRegistrations } from '@emporium/contracts';
import { createDatabase } from '@emporium/databases';
import {
  ConfigError,
  createLog,
  createTransport,
  type Log,
  parseConfig,
  reasonOf,
  retryUntilSuccess,
} from '@emporium/service';
import { type Config, configFor } from './config.ts';
import { isRefusal } from './refusal.ts';

const operator = 'operations';

/** The queues that the bridge reads, in a virtual host apart from the shop. */
const thirdParties = { virtualHost: 'third-parties', queues: [userRegistrations.name], reader: 'bridge' };

/** What the bridge writes for a warehouse. */
const warehouse = { virtualHost: 'warehouse', exchange: 'warehouse', writer: 'bridge' };

/** The readings that the bridge receives over MQTT, and what it refuses. */
const sensors = {
  virtualHost: 'sensors',
  topic: 'sensor_data',
  deadLetters: 'dead-letters.sensor_data',
  reader: 'bridge',
  readerClientId: 'emporium-bridge',
};

/** Every service that publishes or subscribes has a broker user and a database. */
const services = privilegesOf(shop, operator).map(({ service }) => service);

const refusalHint = `A server keeps the administrator's password that it was first started with. Use that password in DATABASE_URL, BUS_URL and
RABBITMQ_MANAGEMENT_URL (in .env for Docker Compose), or delete all data and start again (docker compose down -v).`;

/** How long to wait for a server that is not up yet. */
const timeoutMs = 120_000;

const provision = async (config: Config, log: Log): Promise<void> => {
  const { passwordOf } = config;
  const step = async (what: string, work: () => Promise<object>): Promise<void> => {
    log.info(
      await retryUntilSuccess(what, work, { log, timeoutMs, isTransient: (error) => !isRefusal(error) }),
      what,
    );
  };

  await step('databases', async () => {
    for (const name of services) {
      await createDatabase(config.DATABASE_URL, name, { name, password: passwordOf(name) });
    }
    return { databases: services };
  });
  const onBus = config.STREAM_URL === undefined ? shop : shop.on('bus');
  await step('topology', () => applyTopology(config.BUS_URL, onBus, log));
  if (config.STREAM_URL !== undefined) {
    const { STREAM_URL } = config;
    await step('topology of the streams', () => applyTopology(STREAM_URL, shop.on('stream'), log));
  }
  await step('access', () =>
    applyAccess({ managementUrl: config.RABBITMQ_MANAGEMENT_URL, registry: onBus, operator, passwordOf }),
  );
  await step('access of third parties', async () => {
    await applyThirdPartyAccess({
      ...thirdParties,
      managementUrl: config.RABBITMQ_MANAGEMENT_URL,
      thirdParty: { user: 'third-party', password: config.THIRD_PARTY_PASSWORD },
    });
    return thirdParties;
  });
  await step('access of the warehouse', async () => {
    await applyMailboxAccess({
      ...warehouse,
      managementUrl: config.RABBITMQ_MANAGEMENT_URL,
      owner: { user: 'warehouse', password: config.WAREHOUSE_PASSWORD },
    });
    return warehouse;
  });
  await step('access of the sensors', async () => {
    await applyMqttAccess({
      ...sensors,
      managementUrl: config.RABBITMQ_MANAGEMENT_URL,
      device: { user: 'sensor', password: config.SENSOR_PASSWORD },
    });
    return sensors;
  });
};

const applyTopology = async (url: string, registry: Registry, log: Log): Promise<{ created: number }> => {
  const transport = await createTransport({ url, service: 'provision', log });
  try {
    const changes = await transport.topology(registry).apply();
    for (const { what, detail } of changes.filter(({ action }) => action === 'conflict')) {
      log.warn(`${what}: ${detail}`);
    }
    return { created: changes.filter(({ action }) => action === 'create').length };
  } finally {
    await transport.close();
  }
};

try {
  const config = parseConfig(configFor(services), process.env);
  await provision(config, createLog({ service: 'provision', level: config.LOG_LEVEL }));
} catch (error) {
  const wrongConfig = error instanceof ConfigError;
  process.stderr.write(`provision: ${wrongConfig ? error.message : reasonOf(error)}\n`);
  if (isRefusal(error)) process.stderr.write(`${refusalHint}\n`);
  process.exitCode = wrongConfig ? 78 : 1;
}
