import { stringify } from 'yaml';
import { messageAlerts } from './alerts/messages.ts';
import { processAlerts } from './alerts/processes.ts';
import { workAlerts } from './alerts/work.ts';
import { createDurations, type Durations } from './durations.ts';
import { objectiveAlerts, objectiveRules } from './objective-rules.ts';
import type { Alert, RecordingRule } from './rule.ts';

/** Every alert. */
export const createAlerts = (durations: Durations = createDurations()): readonly Alert[] => [
  ...objectiveAlerts(durations),
  ...messageAlerts(durations),
  ...workAlerts(durations),
  ...processAlerts(durations),
];

/** Where the alert is explained. */
const runbookOf = ({ name }: Pick<Alert, 'name'>): string => `docs/alerts.md#${name.toLowerCase()}`;

/** The rule files of Prometheus, by name. */
export const ruleFiles = (durations: Durations = createDurations()): Readonly<Record<string, string>> => {
  const { short, long } = objectiveRules(durations);
  const group = (name: string, interval: string, rules: readonly object[]) => ({
    name,
    interval: durations.of(interval),
    rules,
  });
  const often = '15s';
  return {
    'objectives.yml': file([
      group('objectives', '30s', short.map(toRecordingRule)),
      // Ranges of days are read from the disk: rarely.
      group('objectives over days', '2m', long.map(toRecordingRule)),
      group('error budgets', '30s', objectiveAlerts(durations).map(toAlertRule)),
    ]),
    'alerts.yml': file([
      group('messages', often, messageAlerts(durations).map(toAlertRule)),
      group('work', often, workAlerts(durations).map(toAlertRule)),
      group('processes', often, processAlerts(durations).map(toAlertRule)),
    ]),
  };
};

const toRecordingRule = ({ record, labels, expr }: RecordingRule): object => ({
  record,
  ...(labels === undefined ? {} : { labels }),
  expr,
});

const toAlertRule = (alert: Alert): object => ({
  alert: alert.name,
  expr: withoutIndentation(alert.expr),
  for: alert.for,
  labels: { severity: alert.severity, ...alert.labels },
  annotations: {
    summary: alert.summary,
    description: `${alert.meaning} ${alert.action}`,
    runbook: runbookOf(alert),
  },
});

const withoutIndentation = (expr: string): string =>
  expr
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join('\n');

const file = (groups: readonly object[]): string =>
  `# Written by npm run observability from infra/observability/src: do not edit.\n${stringify({ groups }, { lineWidth: 0 })}`;
