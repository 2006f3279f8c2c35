export interface Tables {
  recipient: RecipientTable;
  mail: MailTable;
}

/** The address book: this service's own copy, from `user.registered`. */
export interface RecipientTable {
  user_id: string;
  email: string;
  name: string;
  /** The version of the user; only a newer one is applied. */
  sequence: number;
}

/** What was sent; not what it said, nor to which address. */
export interface MailTable {
  message_id: string;
  event_id: string;
  template: string;
  user_id: string;
  sent_at: Date;
}
