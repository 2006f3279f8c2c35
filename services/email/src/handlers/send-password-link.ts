import { sendPasswordLink } from '@emporium/contracts';
import { enqueue } from '@emporium/tasks';
import { handle } from '../store/handlers.ts';
import { addRequest } from '../store/requested-mails.ts';
import { sendRequestedMail } from '../tasks/send-requested-mail.ts';

/** A link that has expired is of no use to anybody: it is dropped. */
export const onSendPasswordLink = handle(
  sendPasswordLink,
  async ({ id, data }, { tx, now }) => {
    const { userId, email, purpose, url } = data;
    const expiresAt = new Date(data.expiresAt);
    if (expiresAt <= now) return undefined;
    await addRequest(tx, {
      request_id: id,
      template: purpose === 'first' ? 'first-password' : 'password-reset',
      user_id: userId,
      email,
      url,
      requested_at: now,
      expires_at: expiresAt,
      keep_until: expiresAt,
    });
    return enqueue(sendRequestedMail, { requestId: id }, { id });
  },
  { expired: async () => undefined },
);
