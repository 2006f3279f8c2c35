// node packages/contracts/scripts/events-document.ts: writes docs/events.md from the registry.
import { writeFileSync } from 'node:fs';
import { shop } from '../src/index.ts';
import { eventsMarkdown } from './events-markdown.ts';

writeFileSync(new URL('../../../docs/events.md', import.meta.url), eventsMarkdown(shop));
