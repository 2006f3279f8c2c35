import { type Log, messageOf } from '@emporium/bus';
import type { Client } from './client.ts';

/** Says, once a connection, which of the server's settings could lose what was accepted. */
export const checkSettings = async (client: Client, log: Log): Promise<void> => {
  try {
    const info = fieldsOf(String(await client.command('INFO')));
    const appendfsync = await settingOf(client, 'appendfsync');
    for (const risk of risksOf({ ...info, ...appendfsync })) log.warn({}, risk);
  } catch (error) {
    log.warn({}, `the settings of Redis could not be checked: ${messageOf(error)}`);
  }
};

/** What is wrong with the server for a broker, for people. Unknown settings raise no alarm. */
export const risksOf = (settings: Readonly<Record<string, string>>): string[] => {
  const {
    redis_version: version = '7.0',
    aof_enabled: appendonly,
    appendfsync = 'always',
    maxmemory = '0',
    maxmemory_policy: policy = 'noeviction',
  } = settings;
  return [
    ...(Number.parseInt(version, 10) < 7 ? [`Redis ${version} is too old: it must be 7.0 or later`] : []),
    ...(appendonly === '0' ? ['a crash of Redis loses messages that it accepted: appendonly is no'] : []),
    ...(appendonly === '1' && appendfsync !== 'always'
      ? [`a crash of Redis may lose messages that it accepted: appendfsync is ${appendfsync}, not always`]
      : []),
    ...(maxmemory !== '0' && policy.startsWith('allkeys')
      ? [`Redis drops messages when it is full: maxmemory-policy is ${policy}, not noeviction`]
      : []),
  ];
};

const fieldsOf = (info: string): Record<string, string> =>
  Object.fromEntries(
    info
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );

/** Nothing where the user may not ask. */
const settingOf = async (client: Client, name: string): Promise<Record<string, string>> => {
  const reply = await client.command('CONFIG', 'GET', name).catch(() => null);
  return Array.isArray(reply) && reply.length > 1 ? { [name]: String(reply[1]) } : {};
};
