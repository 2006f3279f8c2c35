import { expect, test } from 'vitest';
import { type Command, runCommand } from './run-command.ts';

const command: Command = {
  name: 'parcels',
  subcommands: {
    list: {
      usage: 'list [--to <city>]',
      summary: 'lists them',
      options: { to: { type: 'string' } },
      run: async () => 'done',
    },
    show: {
      usage: 'show <id>',
      summary: 'shows one',
      positionals: { min: 1, max: 1 },
      run: async () => 'done',
    },
  },
};

const run = async (...args: string[]) => {
  const errors: string[] = [];
  const streams = { print: () => undefined, printError: (line: string) => void errors.push(line) };
  const code = await runCommand(command, args, {}, AbortSignal.timeout(10_000), streams);
  return { code, error: errors.join('\n') };
};

test.each([
  [
    [],
    /^usage: npm run parcels -- <command>.*\n {2}list \[--to <city>\] {2}lists them\n {2}show <id> {11}shows one$/,
  ],
  [['lose'], /^usage: npm run parcels -- <command>/],
  [['toString'], /^usage: npm run parcels -- <command>/],
  [['show'], /^an argument is missing\nusage: npm run parcels -- show <id>$/],
  [['show', 'a', 'b'], /^there is an argument too many: 'b'\nusage/],
  [['list', '--from', 'Rome'], /^Unknown option '--from'.*\nusage: npm run parcels -- list/s],
  [['list', '--to'], /^Option '--to <value>' argument missing\nusage/],
])('the arguments %j are refused with exit code 64', async (args, message) => {
  const { code, error } = await run(...args);
  expect(error).toMatch(message);
  expect(code).toBe(64);
});

test('an address that is none, and one without a shop, end with exit code 1 and the reason', async () => {
  expect(await run('list', '--url', 'here')).toEqual({
    code: 1,
    error: "--url must be the address of a running shop, such as http://127.0.0.1:8080, not 'here'",
  });
  expect(await run('list', '--url', 'http://127.0.0.1:1')).toMatchObject({
    code: 1,
    error: expect.stringMatching(/^the shop cannot be reached: /),
  });
});
