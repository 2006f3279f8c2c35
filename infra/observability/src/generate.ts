// npm run observability: writes the rules, the dashboards and docs/alerts.md from the tables in this folder.
import { writeFileSync } from 'node:fs';
import { generatedFiles } from './generated-files.ts';

for (const { path, text } of generatedFiles()) writeFileSync(path, text);
