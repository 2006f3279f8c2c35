import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { parse } from 'yaml';

const compose = new URL('../../../../docker-compose.yml', import.meta.url);

/** Creates the users that docker-compose.yml gives its Redis, with their rights, and returns their URLs. */
export const usersOfCompose = async (client: Redis, url: string) => {
  const { services } = parse(readFileSync(compose, 'utf8'), { merge: true, maxAliasCount: -1 });
  const command: readonly string[] = services.redis.command;
  const users = command.flatMap((word, index) => {
    if (word !== '--user') return [];
    const rest = command.slice(index + 1);
    const end = rest.findIndex((each) => each.startsWith('--'));
    return [end === -1 ? rest : rest.slice(0, end)];
  });
  for (const [name = '', ...rules] of users) {
    const others = rules.filter((rule) => !rule.startsWith('>')); // the password has a variable in it
    await client.acl('SETUSER', name, '>a-password', ...others);
  }
  const urlOf = (name: string): string => url.replace(/\/\/.*@/, `//${name}:a-password@`);
  return { bridge: urlOf('bridge'), thirdParty: urlOf('third-party') };
};
