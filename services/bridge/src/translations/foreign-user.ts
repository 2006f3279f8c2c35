import { userRegistrations } from '@emporium/contracts';
import { emailAddress, personName } from '@emporium/service';

/** `{"user_id": 123, "email": "…", "name": "…"}`, as other systems describe a user; other fields are ignored. */
export const foreignUser = userRegistrations.schema.extend({ email: emailAddress, name: personName });
