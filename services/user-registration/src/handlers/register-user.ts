import { registerUser } from '@emporium/contracts';
import { emailAddress, type Log, personName, validationMessage } from '@emporium/service';
import { z } from 'zod';
import { registrationErrors } from '../errors.ts';
import type { PasswordLinkIssuer } from '../password-links/issuer.ts';
import { insertAccount, registeredEvent } from '../store/accounts.ts';
import { handle } from '../store/handlers.ts';

export interface RegisterUserOptions {
  readonly issuer: PasswordLinkIssuer;
  readonly log: Log;
}

/** What a person who registers over HTTP must fulfil. */
const person = z.object({ email: emailAddress, name: personName });

/**
 * Registers a person whom another system has registered, without a password, and sends a link to set one. An address that has an
 * account is left as it is.
 */
export const onRegisterUser = ({ issuer, log }: RegisterUserOptions) =>
  handle(registerUser, async ({ data }, { tx, now }) => {
    const { origin, externalId } = data;
    const given = person.safeParse({ email: data.email, name: data.name }, { error: validationMessage });
    if (!given.success)
      throw registrationErrors.invalid_person({ origin, externalId, why: whyOf(given.error) });
    const account = await insertAccount(tx, { ...given.data, role: 'customer', passwordHash: null }, now);
    if (account === undefined) {
      log.info({ origin, externalId }, 'not registered: the address has an account');
      return undefined;
    }
    const link = await issuer.issue(tx, account, 'first', now);
    return [registeredEvent(account), ...(link === undefined ? [] : [link])];
  });

/** Names the fields, without their values. */
const whyOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${path.map(String).join('.')} ${message}`).join('; ');
