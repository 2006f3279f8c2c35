import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPlanting, type Planting } from './planting.ts';

const folder = 'services/gateway/src';

/** A fault for each check, to see that it can fail. Those of the import rules are in import-rules.spec.ts. */
const faults = [
  { check: 'format', source: 'export const a = "b"', says: 'Formatter would have printed' },
  {
    check: 'format',
    source: "import 'zod';\nimport 'kysely';\nimport { z } from 'node:fs';\nimport { a } from 'node:assert';",
    says: 'organizeImports',
  },
  { check: 'lint', source: 'export const f = (x: any): unknown => x;', says: 'noExplicitAny' },
  {
    check: 'lint',
    source: 'const f = async (): Promise<void> => {};\n\nexport const g = (): void => {\n  f();\n};',
    says: 'noFloatingPromises',
  },
  { check: 'lint', source: 'export default 1;', says: 'noDefaultExport' },
  { check: 'lint', source: 'export const n = (1 as const)!;', says: 'noNonNullAssertion' },
  { check: 'imports', source: 'export const s = 1 as unknown as string;', says: 'Two casts in a row' },
  { check: 'types', source: "export const n: number = 'one';", says: 'TS2322' },
  { check: 'dead-code', source: 'export const nobodyUsesThis = 1;', says: 'Unused files' },
].map((fault, index) => ({ ...fault, file: `planted-${index}.ts` }));

const byCheck = [...Map.groupBy(faults, ({ check }) => check)].map(([check, all]) => ({ check, all }));

let planting: Planting;
// It copies the sources, which takes a while on a busy machine.
beforeAll(() => {
  planting = createPlanting();
}, 60_000);
afterAll(() => planting.remove());

describe('the check', { timeout: 180_000 }, () => {
  test.each(byCheck)('$check fails, and reports each fault', ({ check, all }) => {
    const plant = Object.fromEntries(all.map(({ file, source }) => [`${folder}/${file}`, source]));
    return planting.withPlanted(plant, async () => {
      const { code, output } = await planting.check(check);
      expect(code).toBe(1);
      for (const { file, says } of all) {
        expect(output).toContain(says);
        expect(output).toContain(file);
      }
      expect(output).toMatch(new RegExp(`^FAIL {2}${check}`, 'm'));
    });
  });

  test('an unknown check is an error', async () => {
    const { code, output } = await planting.check('spelling');
    expect(code).toBe(1);
    expect(output).toContain('Unknown check spelling: expected format, lint, imports');
  });
});
