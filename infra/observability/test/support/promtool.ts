import { execFileSync, spawnSync } from 'node:child_process';

/** Which of the programs are missing; where they are required, that is an error. */
export const missingPrograms = (...programs: readonly string[]): readonly string[] => {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
  const isRequired = process.env['CI'] !== undefined || process.env['REQUIRE_BROKERS'] !== undefined;
  if (isRequired && missing.length > 0)
    throw new Error(
      `${missing.join(', ')} must be installed: apt-get install prometheus prometheus-alertmanager`,
    );
  return missing;
};

/** Throws with what promtool prints when it finds a fault. */
export const promtool = (...args: readonly string[]): string => {
  try {
    return execFileSync('promtool', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }; // of a process that ended with a failure
    throw new Error(`promtool ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
};
