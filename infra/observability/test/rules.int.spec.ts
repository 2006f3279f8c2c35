import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createDurations } from '../src/durations.ts';
import { createAlerts, ruleFiles } from '../src/rule-files.ts';
import { messageCases } from './rule-cases/messages.ts';
import { objectiveCases, recordedValues } from './rule-cases/objectives.ts';
import { processCases } from './rule-cases/processes.ts';
import type { RuleCase } from './rule-cases/rule-case.ts';
import { workCases } from './rule-cases/work.ts';
import { missingPrograms, promtool } from './support/promtool.ts';

const quickCases = [...messageCases, ...workCases, ...processCases];
const cases = [...quickCases, ...objectiveCases];
const alerts = createAlerts();
const severityOf = (name: string) => alerts.find((alert) => alert.name === name)?.severity ?? 'unknown';

test.each([...new Set(alerts.map(({ name }) => name))])(
  '%s has a case in which it fires, and one in which not',
  (name) => {
    const own = cases.filter(({ alert }) => alert === name);
    expect(own.map(({ fires }) => fires.length > 0)).toEqual(expect.arrayContaining([true, false]));
  },
);

test('every case is about an alert that exists', () =>
  expect(cases.filter(({ alert }) => severityOf(alert) === 'unknown')).toEqual([]));

test.each(alerts)('the summary of $name has only labels that the alert has', ({ name, summary }) => {
  const used = [...summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? '');
  const given = cases.find(({ alert, fires }) => alert === name && fires.length > 0)?.fires[0] ?? {};
  expect(Object.keys(given)).toEqual(expect.arrayContaining(used));
});

const missing = missingPrograms('promtool');

describe.skipIf(missing.length > 0)(
  missing.length > 0 ? 'the rules (skipped: promtool is not installed)' : 'the rules',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'emporium-rules-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    beforeAll(() => {
      for (const [name, text] of Object.entries(ruleFiles())) writeFileSync(join(folder, name), text);
    });

    /** Writes a test of one rule file, whose rules are evaluated once in an interval. */
    const write = (rules: 'alerts' | 'objectives', interval: string, tests: readonly object[]): string => {
      const path = join(folder, `${rules}.test.yml`);
      const order =
        rules === 'objectives'
          ? { group_eval_order: ['objectives', 'objectives over days', 'error budgets'] }
          : {};
      const content = { rule_files: [`${rules}.yml`], evaluation_interval: interval, ...order, tests };
      writeFileSync(path, stringify(content));
      return path;
    };

    test('are valid, also with short windows', () => {
      for (const [name, text] of Object.entries(ruleFiles(createDurations(1 / 60))))
        writeFileSync(join(folder, `short-${name}`), text);
      const files = Object.keys(ruleFiles()).flatMap((name) => [
        join(folder, name),
        join(folder, `short-${name}`),
      ]);
      promtool('check', 'rules', '--lint-fatal', ...files);
    });

    test('about causes fire when they should, and not otherwise', () => {
      promtool('test', 'rules', write('alerts', '15s', quickCases.map(alertTest('15s'))));
    }, 120_000);

    test('about objectives fire when they should, and not otherwise', () => {
      const values = recordedValues.map(({ title, series, values }) => ({
        name: title,
        interval: '5m',
        input_series: inputOf(series),
        promql_expr_test: Object.entries(values).map(([expr, value]) => ({
          expr,
          eval_time: '74h',
          exp_samples: value === undefined ? [] : [{ labels: labelsIn(expr), value }],
        })),
      }));
      const path = write('objectives', '1h', [...objectiveCases.map(alertTest('5m')), ...values]);
      promtool('test', 'rules', path);
    }, 120_000);

    test('a case that is wrong is found', () => {
      const wrong = quickCases.slice(0, 1).map((each) => ({ ...each, fires: [] }));
      const path = write('alerts', '15s', wrong.map(alertTest('15s')));
      expect(() => promtool('test', 'rules', path)).toThrow(/FAILED/);
    });
  },
);

const inputOf = (series: RuleCase['series']) =>
  Object.entries(series).map(([name, values]) => ({ series: name, values }));

const alertTest =
  (interval: string) =>
  ({ alert, title, series, at, fires }: RuleCase): object => ({
    name: `${alert} ${title}`,
    interval,
    input_series: inputOf(series),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${alert}",alertstate="firing"}`,
        eval_time: at,
        exp_samples: fires.map((labels) => ({
          labels: `ALERTS${selector({ ...labels, alertname: alert, alertstate: 'firing', severity: severityOf(alert) })}`,
          value: 1,
        })),
      },
    ],
  });

const selector = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;

/** A rounded value has the labels of the series, without its name. */
const labelsIn = (expr: string): string => {
  const [, name = '', labels = ''] = /(slo:[\w:]+)(\{[^}]*\})/.exec(expr) ?? [];
  return expr.startsWith('round') ? labels : `${name}${labels}`;
};
