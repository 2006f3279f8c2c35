import { createHmac, randomBytes } from 'node:crypto';

const prefix = 'whsec_';
const secretBytes = 32;

/** A new secret, as the Standard Webhooks specification writes it: `whsec_` and 32 random bytes in base64. */
export const newSecret = (): string => prefix + randomBytes(secretBytes).toString('base64');

export interface Signed {
  readonly id: string;
  /** Of the attempt. */
  readonly at: Date;
  readonly body: Uint8Array;
}

/** The headers of an attempt. There is a signature for each secret: during a rotation the receiver may know either. */
export const signatureHeaders = (
  secrets: readonly string[],
  signed: Signed,
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> => ({
  'webhook-id': signed.id,
  'webhook-timestamp': String(secondsOf(signed.at)),
  'webhook-signature': secrets.map((secret) => sign(secret, signed)).join(' '),
});

const sign = (secret: string, { id, at, body }: Signed): string => {
  const key = Buffer.from(secret.slice(prefix.length), 'base64');
  const content = createHmac('sha256', key)
    .update(`${id}.${secondsOf(at)}.`)
    .update(body);
  return `v1,${content.digest('base64')}`;
};

const secondsOf = (time: Date): number => Math.floor(time.getTime() / 1_000);
