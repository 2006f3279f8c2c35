import type { Role } from '@emporium/service';
import type { ColumnType } from 'kysely';

export interface Tables {
  account: AccountTable;
  log_in_failures: LogInFailuresTable;
}

export interface AccountTable {
  user_id: string;
  /** Its domain is in ASCII; unique without regard to case. Older rows have it as it was given, in ASCII too. */
  email: string;
  name: string;
  role: Role;
  password_hash: string;
  created_at: ColumnType<Date, Date, never>;
}

/** A row for an address that was tried with a wrong password, known to us or not. */
export interface LogInFailuresTable {
  /** SHA-256 of the address's key (`addressKey`): what was typed wrongly may be anybody's. */
  address_hash: string;
  failures: number;
  /** The failures count up to here; later ones begin anew. */
  counted_until: Date;
}
