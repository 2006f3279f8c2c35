import { createHmac } from 'node:crypto';

/**
 * Returns the `carrier-signature` header: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`. The time is signed to
 * prevent replay.
 */
export const sign = (secret: string, body: string, unixSeconds: number): string => {
  const mac = createHmac('sha256', secret).update(`${unixSeconds}.${body}`).digest('hex');
  return `t=${unixSeconds},v1=${mac}`;
};
