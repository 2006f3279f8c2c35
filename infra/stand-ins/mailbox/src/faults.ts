import { problem } from '@emporium/service';
import { addressKey } from './address.ts';

/** A fault for mail to certain recipients. */
export interface MailFault {
  /** An address, or a prefix followed by `*`. Default: all recipients. */
  readonly recipient?: string | undefined;
  /** `refuse` rejects the mail with `code`; `take-then-cut` stores it and closes the connection without a response. */
  readonly mode: 'refuse' | 'take-then-cut';
  /** An SMTP reply code: 4xx asks the client to retry, 5xx not to. */
  readonly code: number;
  /** The number of mails affected. Default: all. */
  readonly times?: number | undefined;
}

export interface MailFaults {
  /** Replaces the fault for the same recipients, if any. */
  set(fault: MailFault): void;
  clear(recipient?: string): void;
  list(): readonly (MailFault & { readonly hits: number })[];
  /** Returns the fault in this mode for the recipient, if any, and counts a hit. */
  match(mode: MailFault['mode'], recipient: string): MailFault | undefined;
}

const capacity = 1_000;

export const createMailFaults = (): MailFaults => {
  const faults = new Map<string, { fault: MailFault; hits: number }>();
  return {
    set: (fault) => {
      const name = fault.recipient === undefined ? '*' : addressKey(fault.recipient);
      if (faults.size >= capacity && !faults.has(name))
        throw problem(409, 'too-many-faults', `There are ${capacity} faults already; delete some.`);
      faults.set(name, { fault, hits: 0 });
    },
    clear: (recipient) => {
      if (recipient === undefined) faults.clear();
      else faults.delete(addressKey(recipient));
    },
    list: () => [...faults.values()].map(({ fault, hits }) => ({ ...fault, hits })),
    match: (mode, recipient) => {
      for (const [name, entry] of faults) {
        const { fault, hits } = entry;
        if (fault.mode !== mode || hits >= (fault.times ?? Infinity) || !matches(name, recipient)) continue;
        entry.hits += 1;
        return fault;
      }
      return undefined;
    },
  };
};

const matches = (name: string, recipient: string): boolean => {
  const address = addressKey(recipient);
  return name.endsWith('*') ? address.startsWith(name.slice(0, -1)) : address === name;
};
