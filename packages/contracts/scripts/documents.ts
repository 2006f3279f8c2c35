import { asyncapi, flowGraph } from '../src/documents/index.ts';
import type { Registry } from '../src/index.ts';
import { eventsMarkdown } from './events-markdown.ts';
import { flowMarkdown } from './flow-markdown.ts';

/** The documents that are generated from the registry, by their path in the repository. */
export const documents = (registry: Registry): ReadonlyMap<string, string> =>
  new Map([
    ['docs/events.md', eventsMarkdown(registry)],
    ['docs/asyncapi.json', json(asyncapi(registry))],
    ['docs/flow.md', flowMarkdown(registry)],
    ['docs/flow.json', json(flowGraph(registry))],
  ]);

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
