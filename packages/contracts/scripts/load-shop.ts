import type { Registry } from '../src/index.ts';

/** The registry; where it is wrong, prints why and ends the process with 1. */
export const loadShop = async (): Promise<Registry> => {
  try {
    return (await import('../src/index.ts')).shop;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
};
