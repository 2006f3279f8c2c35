import { createHash } from 'node:crypto';

/**
 * The Message-ID of the mail for an event, without its angle brackets: the same however often the event is delivered, so
 * that mail servers and clients recognise a repetition. An event id that would be no valid part of it is hashed.
 */
export const messageIdOf = (eventId: string, domain: string): string => {
  const isPlain = /^[A-Za-z0-9-]{1,100}$/.test(eventId);
  return `${isPlain ? eventId : createHash('sha256').update(eventId).digest('hex')}@${domain}`;
};
