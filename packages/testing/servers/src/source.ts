import { images, startContainer } from './containers/containers.ts';
import { engineMissing, imageMissing } from './containers/engine.ts';
import { startKafka } from './kafka/kafka.ts';
import { kafkaMissing } from './kafka/kafka-jars.ts';
import { startPostgres } from './postgres/postgres.ts';
import { findInstallation } from './postgres/postgres-installation.ts';
import { startRabbitmq } from './rabbitmq/rabbitmq.ts';
import { rabbitmqMissing } from './rabbitmq/rabbitmq-node.ts';
import { redisMissing, startRedis } from './redis/redis.ts';
import type { OwnServer, ServerKind } from './server-kind.ts';

/** The source of a test server, or the reason why there is none. */
export type Source =
  | { readonly from: 'container' | 'programs'; start(): Promise<OwnServer> }
  | { readonly from: 'nowhere'; readonly reason: string };

/** How to start a server from this machine's programs. */
interface Programs {
  missing(): Promise<string | undefined>;
  start(): Promise<OwnServer>;
}

const programs: Readonly<Record<ServerKind, Programs>> = {
  postgres: {
    missing: () => findInstallation().then(() => undefined, messageOf),
    start: async () => {
      const server = await startPostgres({ settings: { max_connections: '400' } });
      return { ...server, url: server.adminUrl };
    },
  },
  rabbitmq: { missing: async () => rabbitmqMissing(), start: () => startRabbitmq() },
  redis: { missing: async () => redisMissing(), start: () => startRedis() },
  kafka: { missing: kafkaMissing, start: () => startKafka({ fastStart: true }) },
};

/** The reason why this machine cannot start such a server from its programs, or undefined. */
export const programsMissing = (kind: ServerKind): Promise<string | undefined> => programs[kind].missing();

/**
 * Decides where the server of a suite without a URL in the environment comes from: a container where the engine has the image, else
 * this machine's programs. `TEST_SERVERS=containers` forces a container, and downloads the image; `TEST_SERVERS=programs` uses no
 * engine.
 */
export const sourceOf = async (kind: ServerKind): Promise<Source> => {
  const wanted = wantedSource();
  const noContainer = wanted === 'programs' ? undefined : await containerMissing(kind, wanted);
  if (wanted !== 'programs' && noContainer === undefined) {
    return { from: 'container', start: () => startContainer(kind) };
  }
  const noPrograms =
    wanted === 'containers' ? 'TEST_SERVERS asks for containers' : await programsMissing(kind);
  if (noPrograms === undefined) return { from: 'programs', start: programs[kind].start };
  const reasons = [noContainer, noPrograms].filter((reason) => reason !== undefined);
  return { from: 'nowhere', reason: reasons.join(' and ') };
};

const containerMissing = (kind: ServerKind, wanted: 'containers' | undefined): Promise<string | undefined> =>
  wanted === undefined ? imageMissing(images[kind]) : engineMissing();

const wantedSource = (): 'containers' | 'programs' | undefined => {
  const wanted = process.env['TEST_SERVERS'];
  if (!wanted) return undefined;
  if (wanted === 'containers' || wanted === 'programs') return wanted;
  throw new Error(`TEST_SERVERS: must be containers or programs, is '${wanted}'`);
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
