export interface Tables {
  recipient: RecipientTable;
  mail: MailTable;
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
