import type { Role } from '@emporium/service';
import type { ColumnType } from 'kysely';

export interface Tables {
  account: AccountTable;
  log_in_failures: LogInFailuresTable;
  password_link: PasswordLinkTable;
  password_link_request: PasswordLinkRequestTable;
}

export interface AccountTable {
  user_id: string;
  /** With its domain in ASCII; unique without regard to case. In older rows the domain may have upper case. */
  email: string;
  name: string;
  role: Role;
  /** Null until the first password is set, for an account that another system has registered. */
  password_hash: string | null;
  created_at: ColumnType<Date, Date, never>;
}

/** The failed log-ins with an address, whether it has an account or not. */
export interface LogInFailuresTable {
  /** SHA-256 of `addressKey`: the addresses of people without an account are not stored. */
  address_hash: string;
  failures: number;
  /** The end of the window; later failures start a new one. */
  counted_until: Date;
}

/** The links with which passwords are set. */
export interface PasswordLinkTable {
  /** SHA-256 of the token, which is nowhere but in the mail and on its way to it. */
  token_hash: string;
  user_id: string;
  created_at: Date;
  expires_at: Date;
  /** When it was used, or replaced by a newer one. */
  ended_at: Date | null;
}

/** Requests for a link, for known and unknown addresses, until they are handled: for less than a second. */
export interface PasswordLinkRequestTable {
  id: string;
  email: string;
  correlation_id: string;
  requested_at: Date;
}
