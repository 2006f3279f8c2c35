import { defineConfig } from 'vitest/config';

const folders = '{packages,services,infra}/*';

export default defineConfig({
  test: {
    // One server of a kind for the whole run, started when the first suite asks for it.
    globalSetup: './packages/servers/src/vitest-setup.ts',
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${folders}/{src,test}/**/*.spec.ts`],
          exclude: ['**/*.int.spec.ts'],
        },
      },
      {
        test: {
          name: 'integration',
          include: [`${folders}/{src,test}/**/*.int.spec.ts`],
          // Each file may start servers of its own: two at a time are what two cores carry.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Real servers on a shared machine: CI looks twice before it turns a change away, and names what it looked at twice.
          retry: process.env['CI'] === undefined ? 0 : 1,
        },
      },
    ],
  },
});
