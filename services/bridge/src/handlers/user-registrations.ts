import { send } from '@emporium/bus';
import { userRegistrations } from '@emporium/contracts';
import { v5 as uuid } from 'uuid';
import { bridgeErrors } from '../errors.ts';
import { handle } from '../store/handlers.ts';
import { translateValue } from '../translation.ts';
import { userRegistration } from '../translations/user-registration.ts';

/** The registrations of the open stream. */
export const onUserRegistration = handle(userRegistrations, async ({ id, data }) => {
  const translated = translateValue(userRegistration, data, uuid(id, uuid.URL));
  if (translated.kind === 'refused') throw bridgeErrors.untranslatable({ reason: translated.reason });
  return [send(translated.contract, translated.data)];
});
