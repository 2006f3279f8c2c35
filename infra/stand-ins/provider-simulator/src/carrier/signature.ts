import { createHmac } from 'node:crypto';

/**
 * The `carrier-signature` header: `t=<unix seconds>,v1=<hex>`, where the hex is the HMAC-SHA256 of `<t>.<body>`. The time is
 * signed too, so that an old callback cannot be sent again much later.
 */
export const sign = (secret: string, body: string, unixSeconds: number): string => {
  const mac = createHmac('sha256', secret).update(`${unixSeconds}.${body}`).digest('hex');
  return `t=${unixSeconds},v1=${mac}`;
};
