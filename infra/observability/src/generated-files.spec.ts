import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { generatedFiles } from './generated-files.ts';

const root = resolve(import.meta.dirname, '../../..');

test.each(generatedFiles().map(({ path, text }) => ({ path: relative(root, path), text })))(
  '$path is what npm run observability writes',
  ({ path, text }) => expect(readFileSync(resolve(root, path), 'utf8')).toBe(text),
);
