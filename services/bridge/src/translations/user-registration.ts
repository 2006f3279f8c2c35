import { registerUser, userRegistrations } from '@emporium/contracts';
import { addressKey } from '@emporium/service';
import { v5 as uuid } from 'uuid';
import type { z } from 'zod';
import type { Translation } from '../translation.ts';
import { foreignUser } from './foreign-user.ts';

export const userRegistration: Translation<typeof foreignUser, typeof registerUser> = {
  from: foreignUser,
  to: registerUser,
  translate: ({ user_id, email, name }, messageId) => ({
    registrationId: messageId,
    email,
    name,
    origin: userRegistrations.name,
    externalId: String(user_id),
  }),
};

/** Made of what the message says: the same user is the same registration, whatever ids and bytes the senders choose. */
export const registrationIdOf = ({ user_id, email }: z.output<typeof foreignUser>): string =>
  uuid([userRegistrations.name, user_id, addressKey(email)].map(encodeURIComponent).join('/'), uuid.URL);
