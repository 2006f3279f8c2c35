import { emit, type Message } from '@emporium/bus';
import { sendWelcomeMail, welcomeMailFailed } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import { enqueue } from '@emporium/tasks';
import { handle } from '../store/handlers.ts';
import { addRequest, endRequest, keepMs } from '../store/requested-mails.ts';
import type { Tables } from '../store/tables.ts';
import { sendRequestedMail } from '../tasks/send-requested-mail.ts';

/** One mail and one answer for a request id, however often it is requested. The worker answers. */
export const onSendWelcomeMail = handle(
  sendWelcomeMail,
  async (message, { tx, now }) => {
    const { requestId } = message.data;
    const isNew = await addWelcome(tx, message, now);
    return isNew ? enqueue(sendRequestedMail, { requestId }, { id: requestId }) : undefined;
  },
  {
    expired: async (message, { tx, now }) => {
      const { requestId } = message.data;
      if (!(await addWelcome(tx, message, now))) return undefined;
      await endRequest(tx, requestId, now);
      return emit(welcomeMailFailed, { requestId, reason: 'the request had expired when it arrived' });
    },
  },
);

const addWelcome = (
  tx: Tx<Tables>,
  { data: { requestId, email }, expiry }: Message<typeof sendWelcomeMail>,
  now: Date,
): Promise<boolean> =>
  addRequest(tx, {
    request_id: requestId,
    template: 'welcome',
    user_id: null,
    email,
    url: null,
    requested_at: now,
    expires_at: expiry ?? null,
    keep_until: new Date(now.getTime() + keepMs),
  });
