import { z } from 'zod';

/** A mail as it lies in the box. */
export const mail = z.object({
  id: z.string(),
  /** As the sender gave it; the id where the sender gave none. */
  messageId: z.string(),
  from: z.string(),
  /** The envelope's recipients. */
  to: z.array(z.string()),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  receivedAt: z.iso.datetime(),
  /** How often a mail with this Message-ID was taken; one mail is kept. */
  deliveries: z.int(),
});
export type Mail = z.output<typeof mail>;

/** In a list: the text is what people look for. */
export const mailSummary = mail.omit({ html: true });

export interface MailFilter {
  readonly to?: string | undefined;
  /** Part of the subject; case does not matter. */
  readonly subject?: string | undefined;
  readonly messageId?: string | undefined;
}
