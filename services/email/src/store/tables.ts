export interface Tables {
  recipient: RecipientTable;
  mail: MailTable;
  requested_mail: RequestedMailTable;
}

/** This service's own copy of names and addresses, from `user.registered`. */
export interface RecipientTable {
  user_id: string;
  email: string;
  name: string;
  /** The version of the user; older events are ignored. */
  sequence: number;
}

/** The mails that were sent, without content and address. */
export interface MailTable {
  message_id: string;
  event_id: string;
  template: string;
  user_id: string;
  sent_at: Date;
}

/** The mails that a command asked for. The address and the link are here instead of in the task queue, until the mail is sent. */
export interface RequestedMailTable {
  request_id: string;
  template: 'welcome' | 'password-reset' | 'first-password';
  /** Null for somebody who has no account here. */
  user_id: string | null;
  /** Null when it has ended. */
  email: string | null;
  /** Of a password link; null when it has ended. */
  url: string | null;
  requested_at: Date;
  /** The mail is not sent after it. */
  expires_at: Date | null;
  /** When the mail was sent, or failed for good. */
  ended_at: Date | null;
  /** The row recognises a repeated request until then. */
  keep_until: Date;
}
