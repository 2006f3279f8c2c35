import { defineConfig } from 'vitest/config';

const folders = '{packages,services,infra}/*';

export default defineConfig({
  test: {
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
        },
      },
    ],
  },
});
