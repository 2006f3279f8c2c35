import type { Message } from '@emporium/bus';
import { sendPasswordLink } from '@emporium/contracts';
import type { HandlerContext } from '@emporium/store';
import { enqueue } from '@emporium/tasks';
import { handle } from '../store/handlers.ts';
import { addRequest, keepMs } from '../store/requested-mails.ts';
import type { Tables } from '../store/tables.ts';
import { sendRequestedMail } from '../tasks/send-requested-mail.ts';

/**
 * A link to reset a password is dropped when it has expired: somebody waits for it, and can request another. The mail about a first
 * password is sent however late, since nothing else tells its recipient that there is an account without one.
 */
const request = async (
  { id, data, expiry }: Message<typeof sendPasswordLink>,
  { tx, now }: HandlerContext<Tables>,
) => {
  const { userId, email, purpose, url } = data;
  const expiresAt = new Date(Math.min(Date.parse(data.expiresAt), expiry?.getTime() ?? Infinity));
  const isFirst = purpose === 'first';
  if (expiresAt <= now && !isFirst) return undefined;
  await addRequest(tx, {
    request_id: id,
    template: isFirst ? 'first-password' : 'password-reset',
    user_id: userId,
    email,
    url,
    requested_at: now,
    expires_at: expiresAt,
    keep_until: isFirst ? new Date(now.getTime() + keepMs) : expiresAt,
  });
  return enqueue(sendRequestedMail, { requestId: id }, { id });
};

export const onSendPasswordLink = handle(sendPasswordLink, request, { expired: request });
