import type { Durations } from './durations.ts';
import { type Objective, objectives } from './objectives.ts';
import type { Alert, RecordingRule, Severity } from './rule.ts';

/**
 * The window pairs of Google's SRE workbook for 30 days (chapter 5, table 5-8). The long window says that a relevant part of the
 * error budget is spent, the short one that it is still being spent, so that the alert clears soon after the repair.
 */
const burnAlerts: readonly {
  readonly long: string;
  readonly short: string;
  /** 1 spends the budget of 30 days in 30 days. */
  readonly rate: number;
  readonly severity: Severity;
  /** What the long window at this rate has spent. */
  readonly spent: string;
}[] = [
  { long: '1h', short: '5m', rate: 14.4, severity: 'critical', spent: '2 %' },
  { long: '6h', short: '30m', rate: 6, severity: 'critical', spent: '5 %' },
  { long: '1d', short: '2h', rate: 3, severity: 'warning', spent: '10 %' },
  { long: '3d', short: '6h', rate: 1, severity: 'warning', spent: '10 %' },
];

/** With little traffic one failure is a large part: fewer bad events than this in the long window fire nothing. */
const fewestBadEvents = 5;

const period = '30d';
const shortWindows = ['5m', '30m', '1h', '2h', '6h'];
const longWindows = ['1d', '3d', period];

const rulesOf = (
  { name, target, events, badEvents }: Objective,
  window: string,
  range: string,
): RecordingRule[] => {
  const labels = { slo: name };
  return [
    { record: `slo:events:increase${window}`, labels, expr: events(range) },
    { record: `slo:bad_events:increase${window}`, labels, expr: `clamp_min(${badEvents(range)}, 0)` },
    {
      // Without events there is no rate.
      record: `slo:burn_rate:${window}`,
      labels,
      expr: `slo:bad_events:increase${window}{slo="${name}"} / (slo:events:increase${window}{slo="${name}"} > 0) / (1 - ${target})`,
    },
  ];
};

/** The number of events and of bad events, and how fast they spend the error budget, by window. */
export const objectiveRules = (durations: Durations) => {
  const forWindows = (windows: readonly string[]) =>
    objectives.flatMap((objective) =>
      windows.flatMap((window) => rulesOf(objective, window, durations.of(window))),
    );
  return {
    short: forWindows(shortWindows),
    long: [
      ...forWindows(longWindows),
      ...objectives.flatMap(({ name, target }): RecordingRule[] => [
        { record: 'slo:target:ratio', labels: { slo: name }, expr: `vector(${target})` },
        {
          record: 'slo:error_budget_remaining:ratio',
          labels: { slo: name },
          expr: `1 - slo:burn_rate:${period}{slo="${name}"}`,
        },
      ]),
    ],
  };
};

/** Fire when an objective will be missed if it goes on like this. */
export const objectiveAlerts = (durations: Durations): readonly Alert[] =>
  burnAlerts.map(({ long, short, rate, severity, spent }) => ({
    name: severity === 'critical' ? 'ErrorBudgetBurnsFast' : 'ErrorBudgetBurns',
    severity,
    labels: { window: long },
    expr: `
      slo:burn_rate:${long} > ${rate}
      and on (slo) slo:burn_rate:${short} > ${rate}
      and on (slo) slo:bad_events:increase${long} >= ${fewestBadEvents}`,
    for: durations.of(severity === 'critical' ? '2m' : '15m'),
    summary: `{{ $labels.slo }} will be missed: its error budget is spent {{ $value | humanize }} times too fast`,
    meaning: `In ${long} at least ${spent} of what may fail in ${period} has failed, and it goes on.`,
    action:
      'The dashboard "Service level objectives" shows since when. Other alerts that fire are likely the cause. Slow and failed orders are found with `npm run logs -- --level warn`, and each with `npm run trace -- <correlation id>`.',
  }));
