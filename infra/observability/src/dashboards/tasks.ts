import { quantileOf, rateOf } from '../promql.ts';
import { dashboard } from './dashboard.ts';
import { chart } from './panels.ts';

const task = 'emporium_task_name';

export const tasks = dashboard({
  uid: 'emporium-tasks',
  title: 'Tasks and mails',
  description: 'Slow work in the background, above all mails.',
  sections: [
    {
      title: 'Tasks',
      panels: [
        chart({
          title: 'Tasks that have not completed',
          description:
            'By state. Delayed ones have a later time; failed ones were given up, and wait for a person.',
          unit: 'short',
          queries: [
            {
              expr: `max by (${task}, emporium_task_state) (emporium_tasks)`,
              legend: `{{${task}}} {{emporium_task_state}}`,
            },
          ],
        }),
        chart({
          title: 'Runs a second',
          description: 'By outcome.',
          unit: 'ops',
          stacked: true,
          queries: [
            {
              expr: rateOf('emporium_task_duration_seconds_count', `${task}, emporium_outcome`),
              legend: `{{${task}}} {{emporium_outcome}}`,
            },
          ],
        }),
        chart({
          title: 'Duration',
          description: 'Of the slowest run in 20. A dot is one run, and opens its trace.',
          unit: 's',
          exemplars: true,
          queries: [
            { expr: quantileOf(0.95, 'emporium_task_duration_seconds', { by: task }), legend: `{{${task}}}` },
          ],
        }),
        chart({
          title: 'Wait for a worker',
          description: 'From the time a task could run to its start, of the slowest in 20.',
          unit: 's',
          queries: [
            { expr: quantileOf(0.95, 'emporium_task_age_seconds', { by: task }), legend: `{{${task}}}` },
          ],
        }),
        chart({
          title: 'Not enqueued',
          description: 'Committed tasks that have not reached the queue.',
          unit: 'short',
          queries: [
            { expr: 'max by (service_name) (emporium_task_outbox_tasks)', legend: '{{service_name}}' },
          ],
        }),
        chart({
          title: 'Oldest of them',
          description: 'How long it has waited.',
          unit: 's',
          queries: [
            {
              expr: 'max by (service_name) (emporium_task_outbox_oldest_age_seconds)',
              legend: '{{service_name}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Mails',
      panels: [
        chart({
          title: 'Mails a second',
          description: 'By template and outcome.',
          unit: 'ops',
          width: 12,
          stacked: true,
          queries: [
            {
              expr: rateOf('emporium_mails_total', 'emporium_mail_template, emporium_outcome'),
              legend: '{{emporium_mail_template}} {{emporium_outcome}}',
            },
          ],
        }),
        chart({
          title: 'Until a mail is sent',
          description:
            'From the event that it is about to the acceptance by the mail server. 99 of 100 take less than a minute.',
          unit: 's',
          width: 12,
          exemplars: true,
          queries: [
            {
              expr: quantileOf(0.99, 'emporium_mail_delay_seconds', { by: 'emporium_mail_template' }),
              legend: '{{emporium_mail_template}}',
            },
          ],
        }),
      ],
    },
  ],
});
