import { logFields } from '@emporium/service/log-schema';
import { expect, test } from 'vitest';
import { indexTemplate, logStream, retention, retentionComponent } from './index-template.ts';

const { properties } = indexTemplate().template.mappings;

test('every declared field of a log line is in the index, numbers as numbers', () => {
  for (const { field, kind } of Object.values(logFields))
    expect(properties[field]?.type, field).toMatch(kind === 'number' ? /^long$/ : /^(keyword|text)$/);
  expect(properties['@timestamp']).toEqual({ type: 'date' });
  expect(properties['message']).toEqual({ type: 'text' });
});

test('no field is a part of another one, which would have to be an object', () => {
  const names = Object.keys(properties);
  expect(names.filter((name) => names.some((other) => other.startsWith(`${name}.`)))).toEqual([]);
});

test('the template is that of the stream, and has the retention', () => {
  const [pattern = ''] = indexTemplate().index_patterns;
  expect(logStream.startsWith(pattern.replace('*', ''))).toBe(true);
  expect(indexTemplate().composed_of).toEqual([retentionComponent]);
  expect(retention().template.lifecycle.data_retention).toBe('14d');
});
