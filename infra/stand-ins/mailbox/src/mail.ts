import { simpleParser } from 'mailparser';
import { z } from 'zod';

/** A mail as it is stored: the envelope and the source, not parsed. */
export const storedMail = z.object({
  id: z.string(),
  /** From the header; the id if there is none. */
  messageId: z.string(),
  /** The recipients in the envelope. */
  to: z.array(z.string()),
  /** The message of RFC 5322 as Latin-1, one character per byte. */
  source: z.string(),
  receivedAt: z.iso.datetime(),
  /** How often a mail with this Message-ID was received. It is stored once. */
  deliveries: z.int(),
});
export type StoredMail = z.output<typeof storedMail>;

/** A parsed mail. */
export const mail = storedMail.omit({ source: true }).extend({
  from: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
});
export type Mail = z.output<typeof mail>;

/** A mail in a list, with the beginning of its text. */
export const mailSummary = mail.omit({ html: true });
export type MailSummary = z.output<typeof mailSummary>;

/** Limits for a list, in characters. */
const maxSummaryText = 2_000;
const maxSummaryHeader = 500;
/** The part of the source that is parsed for a list, in bytes. */
const maxSummarySource = 64 * 1_024;

/** Parsing is expensive, so it is done only when a mail is read. */
export const parseMail = async ({ source, ...envelope }: StoredMail): Promise<Mail> => {
  const parsed = await simpleParser(Buffer.from(source, 'latin1'), parserOptions);
  return {
    ...envelope,
    from: parsed.from?.text ?? '',
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html === false ? '' : (parsed.html ?? ''),
  };
};

export const summariseMail = async (given: StoredMail): Promise<MailSummary> => {
  const { html: _html, ...whole } = await parseMail({
    ...given,
    source: given.source.slice(0, maxSummarySource),
  });
  return {
    ...whole,
    from: whole.from.slice(0, maxSummaryHeader),
    subject: whole.subject.slice(0, maxSummaryHeader),
    text: whole.text.slice(0, maxSummaryText),
  };
};

const parserOptions = {
  skipHtmlToText: true,
  skipTextToHtml: true,
  skipImageLinks: true,
  skipTextLinks: true,
};
