import { temperatureAlert } from '@emporium/contracts';
import { temperatureAlertMail } from '../domain/temperature-alert.ts';
import { mailing, type Post } from '../mailing.ts';
import type { Mailbox } from '../smtp.ts';

/** To the people who look after the warehouses. */
export const onTemperatureAlert = (post: Post, { name, address }: Mailbox) =>
  mailing(temperatureAlert, post, {
    recipient: async () => ({
      userId: 'operations',
      email: address,
      name: name === '' ? 'Operations' : name,
    }),
    write: ({ data, time }, { name: to }) => temperatureAlertMail(to, data, time),
  });
