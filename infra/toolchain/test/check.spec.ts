import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPlanting, type Planting } from './planting.ts';

const folder = 'services/gateway/src';

/** A fault for each step, import rules aside: import-rules.spec.ts has them. A step that never fails checks nothing. */
const faults = [
  { step: 'format', source: 'export const a = "b"', says: 'Formatter would have printed' },
  {
    step: 'format',
    source: "import 'zod';\nimport 'kysely';\nimport { z } from 'node:fs';\nimport { a } from 'node:assert';",
    says: 'organizeImports',
  },
  { step: 'lint', source: 'export const f = (x: any): unknown => x;', says: 'noExplicitAny' },
  {
    step: 'lint',
    source: 'const f = async (): Promise<void> => {};\n\nexport const g = (): void => {\n  f();\n};',
    says: 'noFloatingPromises',
  },
  { step: 'lint', source: 'export default 1;', says: 'noDefaultExport' },
  { step: 'lint', source: 'export const n = (1 as const)!;', says: 'noNonNullAssertion' },
  { step: 'imports', source: 'export const s = 1 as unknown as string;', says: 'Two casts in a row' },
  { step: 'types', source: "export const n: number = 'one';", says: 'TS2322' },
  { step: 'dead-code', source: 'export const nobodyUsesThis = 1;', says: 'Unused files' },
].map((fault, index) => ({ ...fault, file: `planted-${index}.ts` }));

const byStep = [...Map.groupBy(faults, ({ step }) => step)].map(([step, all]) => ({ step, all }));

let planting: Planting;
beforeAll(() => {
  planting = createPlanting();
});
afterAll(() => planting.remove());

describe('the check', { timeout: 180_000 }, () => {
  test.each(byStep)('fails in $step, and says of each fault what it is', ({ step, all }) => {
    const plant = Object.fromEntries(all.map(({ file, source }) => [`${folder}/${file}`, source]));
    return planting.withPlanted(plant, async () => {
      const { code, output } = await planting.check(step);
      expect(code).toBe(1);
      for (const { file, says } of all) {
        expect(output).toContain(says);
        expect(output).toContain(file);
      }
      expect(output).toMatch(new RegExp(`^FAIL {2}${step}`, 'm'));
    });
  });

  test('refuses a step that it does not know', async () => {
    const { code, output } = await planting.check('spelling');
    expect(code).toBe(1);
    expect(output).toContain('Unknown step spelling: expected format, lint, imports');
  });
});
