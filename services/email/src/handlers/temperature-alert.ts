import { temperatureAlert } from '@emporium/contracts';
import { enqueueMail } from '../enqueue-mail.ts';
import { handle } from '../store/handlers.ts';

export const onTemperatureAlert = handle(temperatureAlert, async (message) =>
  enqueueMail('operations', message, { template: 'temperature-alert', about: message.data }),
);
