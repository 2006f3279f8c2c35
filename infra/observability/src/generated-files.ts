import { resolve } from 'node:path';
import { alertGuide } from './alert-guide.ts';
import { dashboards } from './dashboards/all-dashboards.ts';
import { ruleFiles } from './rule-files.ts';

const folder = resolve(import.meta.dirname, '..');

export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** Everything that is derived from the tables in this folder, and checked in. */
export const generatedFiles = (): readonly GeneratedFile[] => [
  ...Object.entries(ruleFiles()).map(([name, text]) => ({
    path: resolve(folder, 'prometheus/rules', name),
    text,
  })),
  ...Object.entries(dashboards).map(([name, dashboard]) => ({
    path: resolve(folder, 'grafana/dashboards', `${name}.json`),
    text: `${JSON.stringify(dashboard, null, 2)}\n`,
  })),
  { path: resolve(folder, '../../docs/alerts.md'), text: alertGuide() },
];
