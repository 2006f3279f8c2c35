import { rateOf } from '../promql.ts';
import { dashboard } from './dashboard.ts';
import { chart, number } from './panels.ts';

const subscription = 'messaging_destination_subscription_name';

export const sagas = dashboard({
  uid: 'emporium-sagas',
  title: 'Sagas and dead letters',
  description:
    'What does not go on by itself: parked and overdue sagas, dead letters, and read models that are behind.',
  sections: [
    {
      title: 'For a person',
      panels: [
        number({
          title: 'Parked sagas',
          description: 'They wait for a person: npm run sagas -- list --state parked.',
          unit: 'short',
          width: 6,
          badFrom: 1,
          queries: [
            {
              expr: 'sum(max by (emporium_saga_name) (emporium_sagas{emporium_saga_state="parked"})) or vector(0)',
              legend: 'parked',
            },
          ],
        }),
        number({
          title: 'Overdue steps',
          description: 'Deadlines that have passed and were not handled. Normally none.',
          unit: 'short',
          width: 6,
          badFrom: 1,
          queries: [
            {
              expr: 'sum(max by (emporium_saga_name, emporium_saga_step) (emporium_sagas_overdue)) or vector(0)',
              legend: 'overdue',
            },
          ],
        }),
        number({
          title: 'Open dead letters',
          description: 'Messages that were set aside: npm run dead-letters -- groups --status open.',
          unit: 'short',
          width: 6,
          warnFrom: 1,
          queries: [
            {
              expr: `sum(max by (${subscription}) (emporium_dead_letters{emporium_dead_letter_status="open"})) or vector(0)`,
              legend: 'open',
            },
          ],
        }),
        number({
          title: 'Read models behind by',
          description: 'The age of the oldest event that a projection has not applied.',
          unit: 's',
          width: 6,
          warnFrom: 5,
          badFrom: 60,
          queries: [{ expr: 'max(emporium_projection_lag_seconds)', legend: 'behind' }],
        }),
      ],
    },
    {
      title: 'Sagas',
      panels: [
        chart({
          title: 'Sagas that have not ended',
          description: 'By state. Running ones follow the traffic.',
          unit: 'short',
          stacked: true,
          queries: [
            {
              expr: 'max by (emporium_saga_name, emporium_saga_state) (emporium_sagas)',
              legend: '{{emporium_saga_name}} {{emporium_saga_state}}',
            },
          ],
        }),
        chart({
          title: 'Ended a second',
          description: 'By outcome.',
          unit: 'ops',
          stacked: true,
          queries: [
            {
              expr: rateOf('emporium_sagas_ended_total', 'emporium_saga_name, emporium_saga_state'),
              legend: '{{emporium_saga_name}} {{emporium_saga_state}}',
            },
          ],
        }),
        chart({
          title: 'Overdue, by step',
          description: 'Which step did not answer in time, while nobody handled its deadline.',
          unit: 'short',
          queries: [
            {
              expr: 'max by (emporium_saga_name, emporium_saga_step) (emporium_sagas_overdue)',
              legend: '{{emporium_saga_name}} {{emporium_saga_step}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Dead letters',
      panels: [
        chart({
          title: 'Dead letters, by status',
          description: 'Open ones wait for a person. The others are kept for a while.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (emporium_dead_letter_status) (max by (${subscription}, emporium_dead_letter_status) (emporium_dead_letters))`,
              legend: '{{emporium_dead_letter_status}}',
            },
          ],
        }),
        chart({
          title: 'Open, by subscription',
          description: 'For whom messages were set aside.',
          unit: 'short',
          stacked: true,
          queries: [
            {
              expr: `max by (${subscription}) (emporium_dead_letters{emporium_dead_letter_status="open"})`,
              legend: `{{${subscription}}}`,
            },
          ],
        }),
        chart({
          title: 'Retried and set aside, a second',
          description: 'Deliveries that did not succeed. Retries are normal while another system is away.',
          unit: 'ops',
          queries: [
            {
              expr: rateOf(
                'messaging_process_duration_seconds_count{emporium_settlement!="ack"}',
                `${subscription}, emporium_settlement`,
              ),
              legend: `{{${subscription}}} {{emporium_settlement}}`,
            },
          ],
        }),
      ],
    },
    {
      title: 'Projections',
      panels: [
        chart({
          title: 'Events not applied',
          description: 'By read model.',
          unit: 'short',
          width: 12,
          queries: [
            {
              expr: 'max by (service_name, emporium_projection_name) (emporium_projection_lag_events)',
              legend: '{{emporium_projection_name}}',
            },
          ],
        }),
        chart({
          title: 'Behind by',
          description: 'The age of the oldest of them: how old a page can be.',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: 'max by (service_name, emporium_projection_name) (emporium_projection_lag_seconds)',
              legend: '{{emporium_projection_name}}',
            },
          ],
        }),
      ],
    },
  ],
});
