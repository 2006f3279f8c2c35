import { randomBytes } from 'node:crypto';
import type { GenericContainer, StartedTestContainer } from 'testcontainers';
import { freePort } from '../process/free-port.ts';
import type { OwnServer, ServerKind } from '../server-kind.ts';
import { guardContainers, label } from './container-guard.ts';

/** The same tags as in docker-compose.yml. */
export const images: Readonly<Record<ServerKind, string>> = {
  postgres: 'postgres:18',
  rabbitmq: 'rabbitmq:4-management',
  redis: 'redis:8',
  kafka: 'apache/kafka:4.1.2',
};

const user = 'emporium';
/** Random, since the ports are published on every address of this machine. */
const password = randomBytes(12).toString('hex');

/** Redis writes to disk before it answers, like the servers of the other kinds. */
const durable = [
  ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
  // No snapshots: a failed one makes Redis refuse all writes.
  ...['--save', ''],
];

interface Container {
  readonly port: number;
  /** `published` is the port on this machine. */
  create(published: number): Promise<GenericContainer>;
  /** The url for the address of the published port. */
  url(address: string): string;
}

// The modules are loaded when a container is started, since that takes a second.
const kinds: Readonly<Record<ServerKind, Container>> = {
  postgres: {
    port: 5432,
    create: async () => {
      const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
      return new PostgreSqlContainer(images.postgres)
        .withUsername(user)
        .withPassword(password)
        .withDatabase('postgres')
        .withCommand(['postgres', '-c', 'max_connections=400']);
    },
    url: (address) => `postgres://${user}:${password}@${address}/postgres`,
  },
  rabbitmq: {
    port: 5672,
    create: async () => {
      const { RabbitMQContainer } = await import('@testcontainers/rabbitmq');
      return new RabbitMQContainer(images.rabbitmq)
        .withEnvironment({
          RABBITMQ_DEFAULT_USER: user,
          RABBITMQ_DEFAULT_PASS: password,
          // Like in docker-compose.yml: a retry that a restart interrupts continues after 3 s instead of 3 minutes.
          RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-rabbit dead_letter_worker_publisher_confirm_timeout 3000',
        })
        .withStartupTimeout(120_000);
    },
    url: (address) => `amqp://${user}:${password}@${address}`,
  },
  redis: {
    port: 6379,
    create: async () => {
      const { GenericContainer, Wait } = await import('testcontainers');
      // Waiting for a line in the log does not work: Redis may write it before the engine has recorded the start of the
      // container, and after a restart only later lines count.
      const ready = `redis-cli --no-auth-warning -a ${password} ping | grep PONG`;
      return new GenericContainer(images.redis)
        .withCommand(['redis-server', ...durable, '--requirepass', password])
        .withWaitStrategy(Wait.forSuccessfulCommand(ready))
        .withStartupTimeout(120_000);
    },
    url: (address) => `redis://:${password}@${address}`,
  },
  kafka: {
    port: 9092,
    create: async (published) => {
      const { GenericContainer, Wait } = await import('testcontainers');
      return new GenericContainer(images.kafka)
        .withEnvironment({
          KAFKA_NODE_ID: '1',
          KAFKA_PROCESS_ROLES: 'broker,controller',
          KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
          // Clients connect to the advertised address.
          KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${published}`,
          KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
          KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
          KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
          KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
          KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
          KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
          KAFKA_HEAP_OPTS: '-Xmx512m',
        })
        .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
        .withStartupTimeout(120_000);
    },
    url: (address) => `kafka://${address}`,
  },
};

/** The container is killed when its shutdown takes longer. */
const shutdownMs = 60_000;

/** Starts a server in a container. It is ready when this resolves, and ends with this process, also when that is killed. */
export const startContainer = async (kind: ServerKind): Promise<OwnServer> => {
  const { port, create, url } = kinds[kind];
  const isGuarded = guardContainers();
  // A fixed port, since the engine would choose another one at every restart.
  const published = await freePort();
  const container = await (await create(published))
    .withExposedPorts({ container: port, host: published })
    .withLabels({ [label.name]: label.value })
    .withAutoCleanup(!isGuarded)
    .start();
  const restart = () => container.restart({ timeout: shutdownMs });
  return {
    url: url(`${container.getHost()}:${published}`),
    restart,
    startServer: restart,
    stopServer: async () => void (await (await handleOf(container)).stop({ t: shutdownMs / 1_000 })),
    kill: async () => void (await (await handleOf(container)).kill()),
    stop: async () => void (await container.stop({ remove: true, removeVolumes: true })),
  };
};

const handleOf = async (container: StartedTestContainer) => {
  const { getContainerRuntimeClient } = await import('testcontainers');
  return (await getContainerRuntimeClient()).container.getById(container.getId());
};
