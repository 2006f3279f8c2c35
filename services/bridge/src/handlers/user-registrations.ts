import { send } from '@emporium/bus';
import { userRegistrations } from '@emporium/contracts';
import { bridgeErrors } from '../errors.ts';
import { handle } from '../store/handlers.ts';
import { translateValue } from '../translation.ts';
import { registrationIdOf, userRegistration } from '../translations/user-registration.ts';

/** The registrations of the open stream. */
export const onUserRegistration = handle(userRegistrations, async ({ data }) => {
  const translated = translateValue(userRegistration, data, registrationIdOf);
  if (translated.kind === 'refused') throw bridgeErrors.untranslatable({ reason: translated.reason });
  return [send(translated.contract, translated.data)];
});
