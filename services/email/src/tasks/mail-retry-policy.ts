import type { RetryPolicy } from '@emporium/contracts';

/**
 * Retries for about two days, with delays from one second to half an hour (three quarters of that on average). Other servers
 * answer 4xx for minutes (greylisting) or for days (a full mailbox); RFC 5321 recommends four to five days for a mail server,
 * and a mail that fails here is listed and can be retried by hand. While our SMTP server is away no attempt is counted.
 */
export const mailRetryPolicy: RetryPolicy = { attempts: 142, firstDelayMs: 1_000, maxDelayMs: 1_800_000 };
