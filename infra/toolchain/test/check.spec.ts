import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPlanting, type Planting } from './planting.ts';

/** In a package that none depends on: the types of the others are in turbo's cache. */
const planted = 'services/gateway/src/planted.ts';

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
];

let planting: Planting;
beforeAll(() => {
  planting = createPlanting();
});
afterAll(() => planting.remove());

describe('the check', { timeout: 180_000 }, () => {
  test.each(faults)('fails in $step and says $says', ({ step, source, says }) =>
    planting.withPlanted({ [planted]: source }, async () => {
      const { code, output } = await planting.check(step);
      expect(code).toBe(1);
      expect(output).toContain(says);
      expect(output).toContain('planted.ts');
      expect(output).toMatch(new RegExp(`^FAIL {2}${step}`, 'm'));
    }),
  );

  test('refuses a step that it does not know', async () => {
    const { code, output } = await planting.check('spelling');
    expect(code).toBe(1);
    expect(output).toContain('Unknown step spelling: expected format, lint, imports');
  });
});
