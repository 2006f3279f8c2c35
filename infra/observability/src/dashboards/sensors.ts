import { quantileOf, rateOf } from '../promql.ts';
import { dashboard } from './dashboard.ts';
import { chart, number } from './panels.ts';

const stream = '{messaging_destination_subscription_name="sensor-analytics.readings"}';

export const sensors = dashboard({
  uid: 'emporium-sensors',
  title: 'Sensors',
  description: 'The stream of readings, and what sensor-analytics makes of it.',
  sections: [
    {
      title: 'Readings',
      panels: [
        number({
          title: 'Behind by',
          description: 'Readings in the stream that are not aggregated.',
          unit: 'short',
          width: 12,
          warnFrom: 1_000,
          badFrom: 5_000,
          queries: [{ expr: `max(emporium_queue_messages${stream})`, legend: 'readings' }],
        }),
        number({
          title: 'Alerts in the chosen time',
          description: 'Excursions of a sensor that raised an alert.',
          unit: 'short',
          width: 12,
          queries: [{ expr: 'sum(increase(emporium_sensor_alerts_total[$__range]))', legend: 'alerts' }],
        }),
        chart({
          title: 'Readings a second',
          description: 'Taken; flagged because a field is wrong; refused because nothing can be read.',
          unit: 'ops',
          width: 12,
          stacked: true,
          queries: [
            { expr: rateOf('emporium_readings_total', 'emporium_outcome'), legend: '{{emporium_outcome}}' },
          ],
        }),
        chart({
          title: 'Lag',
          description: 'Readings that wait. A line that only rises: sensor-analytics is away or too slow.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `max(emporium_queue_messages${stream})`, legend: 'readings' }],
        }),
        chart({
          title: 'Handling of readings',
          description: 'From the delivery of a reading to the commit of its window, of the slowest in 20.',
          unit: 's',
          width: 12,
          exemplars: true,
          queries: [
            {
              expr: quantileOf(0.95, 'messaging_process_duration_seconds', { selector: stream }),
              legend: 'time',
            },
          ],
        }),
        chart({
          title: 'Alerts an hour',
          description: 'One for each excursion of a sensor.',
          unit: 'short',
          width: 12,
          queries: [
            { expr: 'sum(rate(emporium_sensor_alerts_total[$__rate_interval])) * 3600', legend: 'alerts' },
          ],
        }),
      ],
    },
  ],
});
