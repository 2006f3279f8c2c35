import { createDatabase, type OwnServer, ownServerFor } from '@emporium/servers';

/** A datastore that tasks run on, of the suite's own: it stops and kills it. */
export interface Datastore {
  readonly name: 'postgres' | 'redis';
  readonly available: boolean;
  title(suite: string): string;
  start(): Promise<{ readonly url: string; readonly server: OwnServer }>;
}

const postgres = await ownServerFor('postgres');
const redis = await ownServerFor('redis');

export const datastores: readonly Datastore[] = [
  {
    name: 'postgres',
    available: postgres.available,
    title: postgres.title,
    start: async () => {
      const server = await postgres.start();
      const url = await createDatabase(server.url, 'tasks', { name: 'tasks', password: 'tasks' });
      return { url, server };
    },
  },
  {
    name: 'redis',
    available: redis.available,
    title: redis.title,
    start: async () => {
      const server = await redis.start();
      return { url: server.url, server };
    },
  },
];
