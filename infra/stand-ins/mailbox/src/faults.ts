import { problem } from '@emporium/service';
import { addressKey } from './address.ts';

/** What happens to a mail for these recipients. */
export interface MailFault {
  /** An address, or the beginning of one and `*`. All, if left out. */
  readonly recipient?: string | undefined;
  /** Refused with `code`; or taken, with the connection cut before the sender hears of it. */
  readonly mode: 'refuse' | 'take-then-cut';
  /** An SMTP reply: 4xx is worth another attempt, 5xx is not. */
  readonly code: number;
  /** How many mails it strikes; all, if left out. */
  readonly times?: number | undefined;
}

export interface MailFaults {
  /** Takes the place of a fault for the same recipients. */
  set(fault: MailFault): void;
  clear(recipient?: string): void;
  list(): readonly (MailFault & { readonly hits: number })[];
  /** The fault in this mode that the recipient meets, if any; counts as a hit. */
  take(mode: MailFault['mode'], recipient: string): MailFault | undefined;
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
    take: (mode, recipient) => {
      for (const [name, entry] of faults) {
        const { fault, hits } = entry;
        if (fault.mode !== mode || hits >= (fault.times ?? Infinity) || !fits(name, recipient)) continue;
        entry.hits += 1;
        return fault;
      }
      return undefined;
    },
  };
};

const fits = (name: string, recipient: string): boolean => {
  const address = addressKey(recipient);
  return name.endsWith('*') ? address.startsWith(name.slice(0, -1)) : address === name;
};
