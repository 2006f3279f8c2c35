import { passwordChanged } from '@emporium/contracts';
import { enqueueMail } from '../enqueue-mail.ts';
import { handle } from '../store/handlers.ts';

export const onPasswordChanged = handle(passwordChanged, async (message) =>
  enqueueMail({ userId: message.data.userId }, message, { template: 'password-changed' }),
);
