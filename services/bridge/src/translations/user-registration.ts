import { registerUser, userRegistrations } from '@emporium/contracts';
import { emailAddress, personName } from '@emporium/service';
import type { Translation } from '../translation.ts';

/** `{"user_id": 123, "email": "…", "name": "…"}`; other fields are ignored. */
const registration = userRegistrations.schema.extend({ email: emailAddress, name: personName });

export const userRegistration: Translation<typeof registration, typeof registerUser> = {
  name: 'user registration',
  from: registration,
  to: registerUser,
  translate: ({ user_id, email, name }, messageId) => ({
    registrationId: messageId,
    email,
    name,
    origin: userRegistrations.name,
    externalId: String(user_id),
  }),
};
