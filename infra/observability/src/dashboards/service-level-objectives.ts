import { objectives } from '../objectives.ts';
import { dashboard } from './dashboard.ts';
import { chart, number } from './panels.ts';

export const serviceLevelObjectives = dashboard({
  uid: 'emporium-objectives',
  title: 'Service level objectives',
  description:
    'What the shop promises over 30 days. The error budget is what may fail; at a burn rate of 1 it is spent in exactly 30 days.',
  sections: objectives.map(({ name, title, description }) => {
    const of = `{slo="${name}"}`;
    return {
      title,
      panels: [
        number({
          title: 'Error budget left',
          description: `${description} Below 0 the objective was missed in the last 30 days.`,
          unit: 'percentunit',
          width: 6,
          badBelow: 0,
          queries: [{ expr: `slo:error_budget_remaining:ratio${of}`, legend: 'left' }],
        }),
        number({
          title: 'Burn rate of the last hour',
          description: 'Above 14.4 a critical alert fires.',
          unit: 'short',
          width: 6,
          warnFrom: 1,
          badFrom: 14.4,
          queries: [{ expr: `slo:burn_rate:1h${of}`, legend: 'last hour' }],
        }),
        number({
          title: 'Bad events in 30 days',
          description: 'Orders or mails that missed the objective, and all of them.',
          unit: 'short',
          width: 6,
          queries: [
            { expr: `slo:bad_events:increase30d${of}`, legend: 'bad' },
            { expr: `slo:events:increase30d${of}`, legend: 'all' },
          ],
        }),
        number({
          title: 'Objective',
          description,
          unit: 'percentunit',
          width: 6,
          queries: [{ expr: `slo:target:ratio${of}`, legend: 'good' }],
        }),
        chart({
          title: 'Burn rate',
          description:
            'How many times too fast the error budget is spent, by window. Without orders or mails there is no line.',
          unit: 'short',
          width: 12,
          queries: ['5m', '1h', '6h', '3d'].map((window) => ({
            expr: `slo:burn_rate:${window}${of}`,
            legend: window,
          })),
        }),
        chart({
          title: 'Events in 5 minutes',
          description,
          unit: 'short',
          width: 12,
          queries: [
            { expr: `slo:events:increase5m${of}`, legend: 'all' },
            { expr: `slo:bad_events:increase5m${of}`, legend: 'bad' },
          ],
        }),
      ],
    };
  }),
});
