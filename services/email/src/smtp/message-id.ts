import { createHash } from 'node:crypto';

/**
 * The Message-ID of the mail about an event, without angle brackets. It is the same for every delivery of the event, so that
 * mail servers and clients can detect duplicates. An event id with characters that a Message-ID must not have is hashed.
 */
export const messageIdOf = (eventId: string, domain: string): string => {
  const isPlain = /^[A-Za-z0-9-]{1,100}$/.test(eventId);
  return `${isPlain ? eventId : createHash('sha256').update(eventId).digest('hex')}@${domain}`;
};
