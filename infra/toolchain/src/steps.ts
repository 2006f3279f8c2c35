import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** One line of the check's table. All of its commands run; it passes if all of them do. */
interface Step {
  name: string;
  about: string;
  commands: readonly (readonly [string, ...string[]])[];
  /** A file without which there is nothing to check yet. */
  needs?: string;
}

export interface StepResult {
  name: string;
  state: 'passed' | 'failed' | 'absent';
  seconds: number;
  output: string;
}

/** The Biome rules that say who may import whom: a step of their own, so that a failure says what it is about. */
const importRules = [
  'style/noRestrictedImports',
  'style/noRestrictedGlobals',
  'suspicious/noImportCycles',
  'plugin',
];
const lint = ['lint', '--error-on-warnings', '--max-diagnostics=none'] as const;

const compatibility = 'packages/contracts/scripts/compatibility.ts';

export const steps: readonly Step[] = [
  {
    name: 'format',
    about: 'Biome: layout and order of imports (npm run format repairs it)',
    commands: [['biome', 'check', '--linter-enabled=false', '--max-diagnostics=none']],
  },
  {
    name: 'lint',
    about: 'Biome: lint rules',
    commands: [['biome', ...lint, ...importRules.map((rule) => `--skip=${rule}`)]],
  },
  {
    name: 'imports',
    about: 'who may import whom: Biome, turbo boundaries, our own rules',
    commands: [
      ['biome', ...lint, ...importRules.map((rule) => `--only=${rule}`)],
      ['turbo', 'boundaries'],
      ['node', 'infra/toolchain/src/tags.ts'],
    ],
  },
  {
    name: 'types',
    about: 'tsc, one program for all packages',
    commands: [['tsc', '--pretty', 'false']],
  },
  {
    name: 'dead-code',
    about: 'knip: files, exports and dependencies that nothing uses',
    commands: [['knip', '--no-progress', '--treat-config-hints-as-errors']],
  },
  {
    name: 'contracts',
    about: 'no published contract changed incompatibly',
    needs: compatibility,
    commands: [['node', compatibility]],
  },
];

/** @throws when a tool cannot be started */
export const runStep = async (step: Step): Promise<StepResult> => {
  if (step.needs !== undefined && !existsSync(join(root, step.needs))) {
    return { name: step.name, state: 'absent', seconds: 0, output: '' };
  }
  const start = performance.now();
  const outputs: string[] = [];
  let failed = false;
  for (const [command, ...args] of step.commands) {
    const { code, output } = await run(command, args, { cwd: root, capture: true, env: quiet });
    if (code === 0) continue;
    failed = true;
    outputs.push(`${output.trimEnd()}\n(${command} ended with ${code})\n`);
  }
  const seconds = (performance.now() - start) / 1000;
  return { name: step.name, state: failed ? 'failed' : 'passed', seconds, output: outputs.join('\n') };
};

/** A check sends nothing anywhere. */
const quiet = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' };
