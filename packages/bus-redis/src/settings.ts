import { type Log, messageOf } from '@emporium/bus';
import type { Client } from './client.ts';

/** Logs a warning for each setting of the server that may lose accepted messages. Called once per connection. */
export const checkSettings = async (client: Client, log: Log): Promise<void> => {
  try {
    const info = fieldsOf(String(await client.command('INFO')));
    const appendfsync = await settingOf(client, 'appendfsync');
    for (const risk of risksOf({ ...info, ...appendfsync })) log.warn({}, risk);
  } catch (error) {
    log.warn({}, `the settings of Redis could not be checked: ${messageOf(error)}`);
  }
};

/** The problems of the server as a broker, for people. Unknown settings are ignored. */
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

/** Empty without the permission for `CONFIG GET`. */
const settingOf = async (client: Client, name: string): Promise<Record<string, string>> => {
  const reply = await client.command('CONFIG', 'GET', name).catch(() => null);
  return Array.isArray(reply) && reply.length > 1 ? { [name]: String(reply[1]) } : {};
};
