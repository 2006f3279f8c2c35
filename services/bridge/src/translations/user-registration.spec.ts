import { expect, test } from 'vitest';
import { translateJson } from '../translation.ts';
import { registrationIdOf, userRegistration } from './user-registration.ts';

const messageId = '0b1f6b2e-6f0e-5c1a-9c59-6a2c5c2b9d10';
const translate = (body: string | Uint8Array) =>
  translateJson(userRegistration, typeof body === 'string' ? Buffer.from(body) : body, messageId);

test('a line of another system becomes our command', () => {
  const golden = '{"user_id": 123, "email": "Ada@SHOP.example", "name": "Ada Lovelace", "plan": "gold"}';
  expect(translate(golden)).toMatchObject({
    kind: 'translated',
    data: {
      registrationId: messageId,
      email: 'Ada@shop.example',
      name: 'Ada Lovelace',
      origin: 'user_registrations',
      externalId: '123',
    },
  });
});

test.each<[string, string | Uint8Array, RegExp]>([
  ['that is no JSON', 'hello', /^the message must be JSON$/],
  ['that is empty', '', /^the message must be JSON$/],
  [
    'in another encoding',
    Buffer.from('{"user_id":1,"email":"a@b.example","name":"Zoë"}', 'latin1'),
    /must be UTF-8/,
  ],
  ['in UTF-16', Buffer.from('{"user_id":1}', 'utf16le'), /must be JSON|must be UTF-8/],
  [
    'of 5 MB',
    Buffer.alloc(5 * 1024 * 1024, 0x20),
    /^the message has 5242880 bytes, and must have 65536 at most$/,
  ],
  ['that is a list', '[]', /^the message must be an object$/],
  ['without fields', '{}', /^user_id must be a whole number; email is missing; name is missing$/],
  [
    'with a text as id',
    '{"user_id":"1","email":"a@b.example","name":"A"}',
    /^user_id must be a whole number$/,
  ],
  [
    'with an id that loses digits',
    '{"user_id":9007199254740993,"email":"a@b.example","name":"A"}',
    /^user_id must be/,
  ],
  ['with no address', '{"user_id":1,"email":"nobody","name":"A"}', /^email must be an e-mail address$/],
  [
    'with a link as name',
    '{"user_id":1,"email":"a@b.example","name":"http://spam.example"}',
    /^name must not contain a link/,
  ],
  ['with a NUL in its name', '{"user_id":1,"email":"a@b.example","name":"A\\u0000"}', /NUL/],
])('a message %s is refused with a reason for its sender', (_, body, reason) => {
  expect(translate(body)).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) });
});

test('a user is identified by id and address, and by nothing else', () => {
  const ada = { user_id: 123, email: 'ada@shop.example', name: 'Ada Lovelace' };
  const id = registrationIdOf(ada);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
  expect(registrationIdOf({ ...ada, email: 'ADA@shop.example', name: 'Ada' })).toBe(id);
  expect(registrationIdOf({ ...ada, user_id: 124 })).not.toBe(id);
  expect(registrationIdOf({ ...ada, email: 'ada2@shop.example' })).not.toBe(id);
});
