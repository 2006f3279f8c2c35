import type { Registry } from '@emporium/contracts';
import { type Declarations, merge, nothing } from './declarations.ts';
import { layoutOf } from './layout.ts';

/** What this transport knows to belong on the broker: the registry, and each subscription that it has seen. */
export interface Known {
  add(layout: Declarations): void;
  /** The exchange, with the queues that listen to it and their bindings; nothing where it is not known. */
  around(exchange: string): Declarations;
}

export const createKnown = (registry: Registry | undefined): Known => {
  let all = registry === undefined ? nothing : layoutOf(registry);
  return {
    add: (layout) => {
      all = merge([all, layout]);
    },
    around: (name) => {
      const bindings = all.bindings.filter(({ exchange }) => exchange === name);
      const listening = new Set(bindings.map(({ queue }) => queue));
      return {
        exchanges: all.exchanges.filter((exchange) => exchange.name === name),
        queues: all.queues.filter((queue) => listening.has(queue.name)),
        bindings,
      };
    },
  };
};
