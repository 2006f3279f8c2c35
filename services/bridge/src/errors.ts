import { catalogue } from '@emporium/bus';

export const bridgeErrors = catalogue('bridge', {
  untranslatable: { settle: 'dead-letter', message: 'The message of the other system cannot be translated' },
});
