import type { Config } from '../config.ts';
import { openManagement } from '../management.ts';
import type { Binding } from './declarations.ts';

/**
 * Asks the management plugin which bindings exist, and returns a check; undefined where the plugin does not answer. AMQP cannot list
 * bindings.
 */
export const readBindings = async ({
  managementUrl,
  url,
}: Config): Promise<((binding: Binding) => boolean) | undefined> => {
  try {
    const found = await openManagement(managementUrl, timeoutMs).get(['bindings', virtualHostOf(url)]);
    if (!Array.isArray(found)) return undefined;
    const there = new Set((found as readonly Found[]).map(identityOf)); // the API's shape
    return ({ queue, exchange, pattern, arguments: values = {} }) =>
      there.has(
        identityOf({ source: exchange, destination: queue, routing_key: pattern, arguments: values }),
      );
  } catch {
    return undefined;
  }
};

/** Short, because the default address may be wrong. */
const timeoutMs = 3_000;

interface Found {
  readonly source: string;
  readonly destination: string;
  readonly routing_key: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

const identityOf = ({ source, destination, routing_key, arguments: values }: Found): string =>
  JSON.stringify([source, destination, routing_key, Object.entries(values).toSorted()]);

/** The default one has no path, or `/` as `%2F`. */
export const virtualHostOf = (url: string): string => {
  const path = new URL(url).pathname.slice(1);
  return path === '' ? '/' : decodeURIComponent(path);
};
