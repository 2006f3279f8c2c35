import { expect, test } from 'vitest';
import { logFields, toLineFields } from './log-fields.ts';

test('declared fields get the names of the schema, in the order of the call', () => {
  expect(toLineFields({ subscription: 'order.replies', attempt: 2, stages: ['http'] })).toEqual({
    'messaging.destination.subscription.name': 'order.replies',
    'emporium.attempt': 2,
    'emporium.stages': ['http'],
  });
});

test('values are written as the field is declared, so that an index never gets two kinds', () => {
  expect(
    toLineFields({ partition: 3, code: 404, version: '7', facts: 'step-failed', key: { a: 1 } }),
  ).toEqual({
    'messaging.destination.partition.id': '3',
    'error.code': '404',
    'emporium.version': 7,
    'emporium.saga.facts': ['step-failed'],
    'emporium.message.key': '{"a":1}',
  });
});

test('what is not declared, or not of the declared kind, is a label, and nothing is refused', () => {
  expect(toLineFields({ 'odd name!': { a: [1] }, attempt: 'many', gone: undefined, none: null })).toEqual({
    'labels.odd_name_': '{"a":[1]}',
    'labels.attempt': 'many',
  });
});

test('fields of the same name are of the same kind', () => {
  const kinds = new Map<string, string>();
  for (const { field, kind } of Object.values(logFields)) {
    expect(kinds.get(field) ?? kind, field).toBe(kind);
    kinds.set(field, kind);
  }
});
