import type { Data, temperatureAlert } from '@emporium/contracts';
import { composeMail, type MailContent, paragraph, table } from './compose/compose-mail.ts';

export const temperatureAlertMail = (
  name: string,
  { alertId, sensorId, location, reason, temperature, usual }: Data<typeof temperatureAlert>,
  at: Date,
): MailContent =>
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
      paragraph(`This is alert ${alertId}. You get no other mail about it unless it gets worse.`),
    ],
  });

type Reason = Data<typeof temperatureAlert>['reason'];

const subjects: Readonly<Record<Reason, string>> = { 'too-hot': 'too hot', 'sudden-jump': 'a sudden jump' };

const sentences: Readonly<Record<Reason, string>> = {
  'too-hot': 'reads a temperature that is too high for the goods',
  'sudden-jump': 'reads a temperature far from its recent values',
};

const degrees = (celsius: number): string => `${celsius.toFixed(1)} °C`;
