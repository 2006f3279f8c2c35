import type { RetryPolicy } from '@emporium/contracts';

/**
 * For what waits for other people's mail servers: they answer 4xx to a stranger for minutes (greylisting), to a full mailbox for days. Waits
 * grow from a second to half an hour, three quarters of each step on average: the attempts are over after two days (RFC 5321
 * asks for four or five, of a server; what is given up here is listed, and run again by a person). A server that is away uses up
 * none of them.
 */
export const persistent: RetryPolicy = { attempts: 142, firstDelayMs: 1_000, maxDelayMs: 1_800_000 };
