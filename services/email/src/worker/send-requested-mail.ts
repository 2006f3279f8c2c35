import { type Effect, emit, messageOf } from '@emporium/bus';
import { welcomeMailFailed, welcomeMailSent } from '@emporium/contracts';
import { currentContext, type Log } from '@emporium/service';
import { afterCommit } from '@emporium/store';
import type { TaskHandler } from '@emporium/tasks';
import { type Requested, renderRequestedMail } from '../domain/requested-mail.ts';
import { countFailed, countSent } from '../metrics.ts';
import { asciiDomain } from '../smtp/address.ts';
import { messageIdOf } from '../smtp/message-id.ts';
import { endRequest, findOpenRequest, type RequestedMail } from '../store/requested-mails.ts';
import { recordSent } from '../store/sent-mails.ts';
import { sendRequestedMail } from '../tasks/send-requested-mail.ts';
import { isFinal } from './is-final.ts';
import type { MailHandlerOptions } from './send-mail.ts';

export interface RequestedMailOptions extends Omit<MailHandlerOptions, 'operations'> {
  readonly log: Log;
}

/**
 * Sends the mail outside of any transaction. Then one transaction records it, removes address and link, and answers the command: a
 * request has one answer, also when its mail is sent again after a crash between the two.
 */
export const sendRequestedMailHandler = ({
  store,
  smtp,
  domain,
  log,
}: RequestedMailOptions): TaskHandler<typeof sendRequestedMail> => {
  const fail = async (request: RequestedMail, reason: string): Promise<void> => {
    const { request_id: requestId, template } = request;
    await store.transaction(async ({ tx, now, effects }) => {
      if (!(await endRequest(tx, requestId, now))) return;
      effects.push(...failureOf(request, reason));
      afterCommit(tx, () => countFailed(template));
    });
    log.warn({ requestId, template }, `a requested mail is not sent: ${reason}`);
  };

  return async ({ requestId }, { attempt, signal }) => {
    const request = await findOpenRequest(store.db, requestId);
    if (request === undefined || request.email === null) return;
    const isLate = isExpired(request);
    if (isLate && request.template !== 'first-password')
      return fail(request, 'the request expired before the mail server took the mail');
    const messageId = messageIdOf(requestId, domain);
    const mail = renderRequestedMail(contentOf(request, isLate));
    const to = { name: '', address: asciiDomain(request.email) };
    const correlationId = currentContext()?.correlationId ?? requestId;
    try {
      await smtp.send({ mail, to, messageId, date: request.requested_at, correlationId }, signal);
    } catch (error) {
      // A link can still be sent by hand, so its task fails as others do.
      const isLast = isFinal(sendRequestedMail, error, attempt);
      if (isLast && request.template === 'welcome') return fail(request, messageOf(error));
      if (isLast && !signal.aborted) countFailed(mail.template);
      throw error;
    }
    countSent(mail.template, request.requested_at, currentContext()?.traceparent);
    await store.transaction(async ({ tx, now, effects }) => {
      await recordSent(tx, [
        {
          message_id: messageId,
          event_id: requestId,
          template: mail.template,
          user_id: request.user_id ?? requestId,
          sent_at: now,
        },
      ]);
      if (await endRequest(tx, requestId, now)) effects.push(...successOf(request));
    });
  };
};

const isExpired = ({ expires_at: expiresAt }: RequestedMail): boolean =>
  expiresAt !== null && expiresAt.getTime() <= Date.now();

const contentOf = ({ template, url, expires_at: expiresAt }: RequestedMail, isLate: boolean): Requested => {
  if (template === 'welcome') return { template };
  if (url === null || expiresAt === null) throw new Error(`a requested ${template} has no link`);
  return {
    template: template === 'first-password' && isLate ? 'late-first-password' : template,
    url,
    expiresAt,
  };
};

const successOf = ({ template, request_id: requestId }: RequestedMail): readonly Effect[] =>
  template === 'welcome' ? [emit(welcomeMailSent, { requestId })] : [];

const failureOf = ({ template, request_id: requestId }: RequestedMail, reason: string): readonly Effect[] =>
  template === 'welcome' ? [emit(welcomeMailFailed, { requestId, reason })] : [];
