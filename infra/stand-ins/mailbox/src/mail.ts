import { simpleParser } from 'mailparser';
import { z } from 'zod';

/** A mail as it lies in the box: its envelope, and its source unread. */
export const kept = z.object({
  id: z.string(),
  /** As the sender gave it; the id where the sender gave none. */
  messageId: z.string(),
  /** The envelope's recipients. */
  to: z.array(z.string()),
  /** RFC 5322, one character a byte. */
  source: z.string(),
  receivedAt: z.iso.datetime(),
  /** How often a mail with this Message-ID was taken; one mail is kept. */
  deliveries: z.int(),
});
export type Kept = z.output<typeof kept>;

/** A mail as a person reads it. */
export const mail = kept.omit({ source: true }).extend({
  from: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
});
export type Mail = z.output<typeof mail>;

/** In a list: the beginning of the text is what people look for. */
export const mailSummary = mail.omit({ html: true });
export type MailSummary = z.output<typeof mailSummary>;

/** Longest texts in a list, in characters. */
const listedText = 2_000;
const listedHeader = 500;
/** What is read of a mail for a list, in bytes. */
const listedSource = 64 * 1_024;

/** Parsing costs more than all the rest of a mail's way, and few mails are ever looked at: it waits for a reader. */
export const read = async ({ source, ...envelope }: Kept): Promise<Mail> => {
  const parsed = await simpleParser(Buffer.from(source, 'latin1'), parsing);
  return {
    ...envelope,
    from: parsed.from?.text ?? '',
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html === false ? '' : (parsed.html ?? ''),
  };
};

/** Of bounded size, whatever was sent. */
export const summarise = async (given: Kept): Promise<MailSummary> => {
  const { html: _html, ...whole } = await read({ ...given, source: given.source.slice(0, listedSource) });
  return {
    ...whole,
    from: whole.from.slice(0, listedHeader),
    subject: whole.subject.slice(0, listedHeader),
    text: whole.text.slice(0, listedText),
  };
};

const parsing = { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true, skipTextLinks: true };
