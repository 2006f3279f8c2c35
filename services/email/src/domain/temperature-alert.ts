import type { Data, temperatureAlert } from '@emporium/contracts';
import { composeMail, type Mail, paragraph, table } from './mail.ts';

export const temperatureAlertMail = (
  name: string,
  { alertId, sensorId, location, reason, temperature, usual }: Data<typeof temperatureAlert>,
  at: Date,
): Mail =>
  composeMail({
    template: 'temperature-alert',
    subject: `${location}: ${subjects[reason]}, ${degrees(temperature)}`,
    name,
    blocks: [
      paragraph(`sensor ${sensorId} in ${location} ${sentences[reason]}.`),
      table([
        ['Measured', degrees(temperature)],
        ...(usual === undefined ? [] : [['Usual', degrees(usual)]]),
        ['At', at.toISOString()],
      ]),
      paragraph(`This is alert ${alertId}. There is no other while it lasts, unless it gets worse.`),
    ],
  });

type Reason = Data<typeof temperatureAlert>['reason'];

const subjects: Readonly<Record<Reason, string>> = { 'too-hot': 'too hot', 'sudden-jump': 'a sudden jump' };

const sentences: Readonly<Record<Reason, string>> = {
  'too-hot': 'reads a temperature that goods do not stand for long',
  'sudden-jump': 'reads a temperature far from what it has been',
};

const degrees = (celsius: number): string => `${celsius.toFixed(1)} °C`;
