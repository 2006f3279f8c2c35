import { catalogue } from '@emporium/bus';

export const registrationErrors = catalogue('user-registration', {
  invalid_person: { settle: 'dead-letter', message: 'This person cannot be registered' },
});
