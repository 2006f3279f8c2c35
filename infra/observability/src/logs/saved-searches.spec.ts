import { expect, test } from 'vitest';
import { logMappings } from './index-template.ts';
import { queryFor, savedSearches } from './saved-searches.ts';

test('the searches ask for fields of the index', () => {
  for (const { id, query } of savedSearches)
    expect(Object.keys(logMappings()), id).toContain(/^([\w.]+):/.exec(query)?.[1]);
});

test('a search for a value keeps quotes and backslashes in it', () => {
  expect(queryFor('emporium-request', 'a"b\\c')).toBe('emporium.correlation_id:"a\\"b\\\\c"');
  expect(() => queryFor('nothing', 'x')).toThrow("there is no saved search 'nothing'");
});
