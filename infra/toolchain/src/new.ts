// npm run new -- service <name>: writes a service that starts, and its lines in every list of the repository.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageManager } from '../install.mjs';
import { newService } from './new-service/new-service.ts';
import { nameProblem, type Taken } from './new-service/service-name.ts';
import { run } from './run.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const usage = `usage: npm run new -- service <name>

Writes services/<name>, adds it to the lists, and installs it. --no-install leaves out the last.`;

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const taken = (): Taken => ({
  folders: ['services', 'infra', 'infra/stand-ins', 'packages', 'packages/testing'].flatMap((folder) =>
    readdirSync(join(root, folder)),
  ),
  containers: [...read('docker-compose.yml').matchAll(/^ {2}([a-z0-9-]+):$/gm)].map(([, name = '']) => name),
  addresses: [...read('services/gateway/src/addresses.ts').matchAll(/path: '([^']+)'/g)].map(
    ([, path = '']) => path,
  ),
});

/** Throws when it fails. */
const runOrThrow = async (what: string, ...[command, ...args]: readonly [string, ...string[]]) => {
  const { code, output } = await run(command, args, { cwd: root, capture: true });
  if (code !== 0) throw new Error(`${what} failed:\n${output.trimEnd()}`);
};

const isSource = (file: string): boolean => /\.(ts|json)$/.test(file);

const write = (files: Readonly<Record<string, string>>): void => {
  for (const [file, source] of Object.entries(files)) {
    const path = join(root, file);
    process.stdout.write(`${existsSync(path) ? 'changed' : 'wrote  '} ${file}\n`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, source.endsWith('\n') ? source : `${source}\n`);
  }
};

const create = async (name: string, installs: boolean): Promise<void> => {
  const problem = nameProblem(name, taken());
  if (problem !== undefined) throw new Error(problem);
  const { files, left } = newService(name, read);
  write(files);
  // A long name breaks lines.
  await runOrThrow('the layout', 'biome', 'check', '--write', ...Object.keys(files).filter(isSource));
  await runOrThrow('the list of messages', 'node', 'packages/contracts/scripts/events-document.ts');
  if (installs) await runOrThrow('the installation', 'npx', '--yes', packageManager(root), 'install');
  for (const { file, lines } of left)
    process.stdout.write(`\nadd to ${file}, whose list was not found:\n${lines.join('\n')}\n`);
  process.stdout.write(`
${name} counts completed orders. To make it yours:
- what it listens to: ${name}.orders in packages/contracts/src/subscriptions.ts, and a handler a file in services/${name}/src/handlers
- what it answers: services/${name}/src/routes.ts, and its addresses in services/gateway/src/addresses.ts
${installs ? '' : `- npx ${packageManager(root)} install\n`}- npm run check; npm run demo
`);
};

const parse = (): { readonly name: string; readonly installs: boolean } | undefined => {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { 'no-install': { type: 'boolean', default: false } },
    });
    const [kind, name, ...others] = positionals;
    if (kind !== 'service' || name === undefined || others.length > 0) return undefined;
    return { name, installs: !values['no-install'] };
  } catch {
    return undefined;
  }
};

const parsed = parse();
if (parsed === undefined) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 64;
} else {
  try {
    await create(parsed.name, parsed.installs);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
