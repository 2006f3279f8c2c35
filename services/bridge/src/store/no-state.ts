import { unitOfWork } from './handlers.ts';

/** For handlers that only call the outside: nothing is loaded, locked or saved. */
export const noState = unitOfWork<unknown, undefined, never>({
  tables: [],
  idOf: () => '',
  initial: undefined,
  load: async () => new Map(),
  evolve: () => undefined,
  save: async () => undefined,
});
