import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** The owner of a database. */
export interface Role {
  name: string;
  password: string;
}

/**
 * Creates a database on the server of `adminUrl` (a superuser's) unless it exists, and the role that owns it and may connect to it,
 * as no other role but superusers. Resolves with the role's URL, or the superuser's without a role. An existing role gets this
 * password.
 */
export const createDatabase = async (adminUrl: string, name: string, role?: Role): Promise<string> => {
  await withClient(adminUrl, async (client) => {
    const has = async (sql: string, value: string) => ((await client.query(sql, [value])).rowCount ?? 0) > 0;
    const database = client.escapeIdentifier(name);
    if (!(await has('select from pg_database where datname = $1', name))) {
      await client.query(`create database ${database}`);
    }
    if (role === undefined) return;
    const owner = client.escapeIdentifier(role.name);
    const verb = (await has('select from pg_roles where rolname = $1', role.name)) ? 'alter' : 'create';
    await client.query(`${verb} role ${owner} login password ${client.escapeLiteral(role.password)}`);
    await client.query(`alter database ${database} owner to ${owner}`);
    await client.query(`revoke connect, temporary on database ${database} from public`);
  });
  return urlOf(adminUrl, name, role);
};

/** Creates an empty database for a suite. `drop` removes it, and closes its connections. */
export const freshDatabase = async (adminUrl: string): Promise<{ url: string; drop(): Promise<void> }> => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = await createDatabase(adminUrl, name);
  return {
    url,
    drop: () =>
      withClient(adminUrl, async (client) => void (await client.query(`drop database ${name} with (force)`))),
  };
};

const urlOf = (adminUrl: string, database: string, role: Role | undefined): string => {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  if (role !== undefined) {
    url.username = encodeURIComponent(role.name);
    url.password = encodeURIComponent(role.password);
  }
  return url.href;
};

const withClient = async (url: string, work: (client: pg.Client) => Promise<void>): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the call in progress rejects
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};
