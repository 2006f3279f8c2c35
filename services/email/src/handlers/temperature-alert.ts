import { temperatureAlert } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';
import { handle } from '../store/handlers.ts';

/** To the people who look after the warehouses. */
export const onTemperatureAlert = handle(temperatureAlert, async (message) =>
  mailTo('operations', message, { template: 'temperature-alert', about: message.data }),
);
