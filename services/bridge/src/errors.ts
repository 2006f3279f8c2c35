import { catalogue } from '@emporium/bus';

export const bridgeErrors = catalogue('bridge', {
  untranslatable: { settle: 'dead-letter', message: 'The message of the other system cannot be translated' },
  broker_away: { settle: 'pause', message: 'The broker of other systems cannot be reached' },
  unencodable: { settle: 'dead-letter', message: 'The message cannot be translated for the other system' },
  results_away: { settle: 'pause', message: 'The result of a task cannot be stored for its sender' },
});
