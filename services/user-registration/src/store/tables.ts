import type { Role } from '@emporium/service';
import type { ColumnType } from 'kysely';

export interface Tables {
  account: AccountTable;
  log_in_failures: LogInFailuresTable;
}

export interface AccountTable {
  user_id: string;
  /** With its domain in ASCII; unique without regard to case. In older rows the domain may have upper case. */
  email: string;
  name: string;
  role: Role;
  password_hash: string;
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
