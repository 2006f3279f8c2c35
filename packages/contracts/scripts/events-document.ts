// node packages/contracts/scripts/events-document.ts: writes the documents about messages in docs/ from the registry.
import { writeFileSync } from 'node:fs';
import { shop } from '../src/index.ts';
import { documents } from './documents.ts';

for (const [path, text] of documents(shop)) writeFileSync(new URL(`../../../${path}`, import.meta.url), text);
