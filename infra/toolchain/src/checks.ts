import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A check runs all of its commands, and passes if all of them do. */
interface Check {
  name: string;
  about: string;
  commands: readonly (readonly [string, ...string[]])[];
  /** A file that the check needs; without it, the check is absent. */
  needs?: string;
}

export interface CheckResult {
  name: string;
  state: 'passed' | 'failed' | 'absent';
  seconds: number;
  output: string;
}

/** The Biome rules about imports; a check of their own. */
const importRules = [
  'style/noRestrictedImports',
  'style/noRestrictedGlobals',
  'suspicious/noImportCycles',
  'plugin',
];
const lint = ['lint', '--error-on-warnings', '--max-diagnostics=none'] as const;

const compatibility = 'packages/contracts/scripts/compatibility.ts';

export const checks: readonly Check[] = [
  {
    name: 'format',
    about: 'Biome: layout and order of imports (npm run format fixes them)',
    commands: [['biome', 'check', '--linter-enabled=false', '--max-diagnostics=none']],
  },
  {
    name: 'lint',
    about: 'Biome: lint rules',
    commands: [['biome', ...lint, ...importRules.map((rule) => `--skip=${rule}`)]],
  },
  {
    name: 'imports',
    about: 'imports between layers and packages: Biome, turbo boundaries, our own rules',
    commands: [
      ['biome', ...lint, ...importRules.map((rule) => `--only=${rule}`)],
      ['turbo', 'boundaries'],
      ['node', 'infra/toolchain/src/tags.ts'],
    ],
  },
  {
    name: 'types',
    about: 'tsc, one program for all packages and one for the pages',
    commands: [
      ['tsc', '--pretty', 'false'],
      ['tsc', '--pretty', 'false', '--project', 'services/web/pages'],
    ],
  },
  {
    name: 'dead-code',
    about: 'knip: unused files, exports and dependencies',
    commands: [['knip', '--no-progress', '--treat-config-hints-as-errors']],
  },
  {
    name: 'contracts',
    about: 'compatibility of contracts with the published ones',
    needs: compatibility,
    commands: [['node', compatibility]],
  },
];

/** @throws when a tool cannot be started */
export const runCheck = async ({ name, commands, needs }: Check): Promise<CheckResult> => {
  if (needs !== undefined && !existsSync(join(root, needs))) {
    return { name, state: 'absent', seconds: 0, output: '' };
  }
  const start = performance.now();
  const outputs: string[] = [];
  let failed = false;
  for (const [command, ...args] of commands) {
    const { code, output } = await run(command, args, { cwd: root, capture: true, env: quiet });
    if (code === 0) continue;
    failed = true;
    outputs.push(`${output.trimEnd()}\n(${command} ended with ${code})\n`);
  }
  const seconds = (performance.now() - start) / 1000;
  return { name, state: failed ? 'failed' : 'passed', seconds, output: outputs.join('\n') };
};

/** Turns telemetry and update notices off. */
const quiet = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' };
