// npm run --silent schemathesis -- <program>: property-based tests of every service of an embedded shop against its OpenAPI
// document, with the tokens of a customer and of an administrator. Ends with 1 when a service does not conform.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startShop } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import { createShopClient } from '../src/index.ts';

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
];
/** The time limit of one service with one token, beside the number of examples. */
const maxSeconds = 8;

/** The stream does not end, and the faults would make the simulator fail. */
const excluded = ['/api/sensors/stream', '/simulator/faults'];
/** They would end processes of the shop. */
const excludedPattern = '^/api/admin/processes/';

const [program] = process.argv.slice(2);
if (program === undefined) throw new Error('the path of schemathesis is missing');

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly cases: number;
}

const test = async (address: string, token: string): Promise<Outcome> => {
  const child = spawn(
    program,
    [
      ...['--config-file', join(import.meta.dirname, 'schemathesis.toml')],
      ...['run', `${address}/openapi.json`, '--header', `Authorization: Bearer ${token}`],
      ...['--checks', checks.join(','), '--phases', 'examples,coverage,fuzzing'],
      ...['--max-examples', '8', '--max-time', String(maxSeconds), '--seed', '1', '--no-shrink'],
      ...excluded.flatMap((path) => ['--exclude-path', path]),
      ...['--exclude-path-regex', excludedPattern],
      ...['--request-timeout', '10', '--suppress-health-check', 'all', '--warnings', 'off', '--no-color'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [, cases = '0'] = /([\d,]+) generated/.exec(output) ?? [];
  return { code, output, cases: Number(cases.replaceAll(',', '')) };
};

const dataDir = await mkdtemp(join(tmpdir(), 'emporium-schemathesis-'));
const shop = await startShop({
  dataDir,
  port: await freePort(),
  env: { 'user-registration': { REGISTRATIONS_PER_MINUTE: '0', PASSWORD_RESETS_PER_MINUTE: '0' } },
});
try {
  const client = createShopClient(shop.url, shop.admin);
  const { token: customer } = await client.register('Ada', 'ada@example.com');
  const tokens = { customer, administrator: await client.login(shop.admin) };
  const secrets = await readFile(join(dataDir, 'secrets.json'), 'utf8');
  const { paymentApiKey, carrierApiKey } = JSON.parse(secrets) as Record<string, string>; // the launcher wrote it
  const tokensOf = (name: string): Readonly<Record<string, string | undefined>> =>
    name === 'provider-simulator' ? { payment: paymentApiKey, shipping: carrierApiKey } : tokens;
  for (const { name, address } of shop.processes.values()) {
    const described = await fetch(`${address}/openapi.json`);
    const { paths } = (await described.json()) as { paths?: object }; // as OpenAPI has it
    // The gateway's document consists of those of the services, and some processes only have health checks.
    if (name === 'gateway' || Object.keys(paths ?? {}).length === 0) continue;
    const tested = Object.entries(tokensOf(name)).map(async ([role, token = '']) => {
      const began = Date.now();
      const { code, output, cases } = await test(address, token);
      const isRight = code === 0 && cases > 0;
      process.stdout.write(
        `${isRight ? 'ok    ' : 'FAILED'} ${name} as ${role}: ${cases} cases in ${Date.now() - began} ms\n`,
      );
      if (isRight) return;
      process.stdout.write(output);
      process.exitCode = 1;
    });
    await Promise.all(tested);
  }
} finally {
  await shop.stop();
  await rm(dataDir, { recursive: true, force: true });
}
