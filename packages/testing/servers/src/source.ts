import { images, startContainer } from './containers.ts';
import { engineMissing, imageMissing } from './engine.ts';
import { startKafka } from './kafka.ts';
import { kafkaMissing } from './kafka-jars.ts';
import { startPostgres } from './postgres.ts';
import { findInstallation } from './postgres-installation.ts';
import { startRabbitmq } from './rabbitmq.ts';
import { rabbitmqMissing } from './rabbitmq-node.ts';
import { redisMissing, startRedis } from './redis.ts';
import type { OwnServer, ServerKind } from './server-kind.ts';

/** Where the servers of tests come from, and why from nowhere. */
export type Source =
  | { readonly from: 'container' | 'programs'; start(): Promise<OwnServer> }
  | { readonly from: 'nowhere'; readonly reason: string };

/** A server of this machine's programs. */
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
  kafka: { missing: kafkaMissing, start: () => startKafka() },
};

/** Why this machine has no programs to start such a server with, or undefined when it has. */
export const programsMissing = (kind: ServerKind): Promise<string | undefined> => programs[kind].missing();

/**
 * The one place that decides, for suites without a URL in the environment: a container where an engine has the image, else
 * the machine's own programs. `TEST_SERVERS` insists: `containers` downloads the image if need be, `programs` asks no engine.
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
