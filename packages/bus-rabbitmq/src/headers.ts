import { headerPrefix } from '@emporium/bus/transport';

/** The headers that mean something to us. Whatever else a message has is a third party's, and is not looked at. */
export const headers = {
  key: `${headerPrefix}key`,
  /** The id, where it is too long for the property. */
  id: `${headerPrefix}id`,
  attempt: `${headerPrefix}attempt`,
  /** The delay tier in milliseconds, by which the wait exchange sorts. */
  delay: `${headerPrefix}delay`,
  /** What is left to wait after the tier, in milliseconds. */
  remaining: `${headerPrefix}remaining`,
  code: `${headerPrefix}code`,
  reason: `${headerPrefix}reason`,
  attempts: `${headerPrefix}attempts`,
  failedAt: `${headerPrefix}failed-at`,
  /** The size in bytes of a body that was too big to be kept whole. */
  truncatedFrom: `${headerPrefix}truncated-from`,
} as const;
