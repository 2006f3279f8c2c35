import { expect, test } from 'vitest';
import { isRefusal } from './refusal.ts';

test.each([
  [
    'PostgreSQL',
    Object.assign(new Error('password authentication failed for user "postgres"'), { code: '28P01' }),
  ],
  [
    'RabbitMQ',
    new Error('Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - …"'),
  ],
  ['the management API', new Error('PUT http://rabbitmq:15672/api/users/order answered 401: {}')],
  [
    'the cause of a fault',
    new Error('The broker cannot be reached', { cause: new Error('403 (ACCESS-REFUSED)') }),
  ],
])('%s: a refused log-in is permanent', (_, error) => {
  expect(isRefusal(error)).toBe(true);
});

test.each([
  [
    'a server that is starting',
    Object.assign(new Error('the database system is starting up'), { code: '57P03' }),
  ],
  ['a refused connection', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
  ['a management plugin that is not up', new Error('GET http://rabbitmq:15672/api/users answered 503: ')],
  ['anything else', 'no error'],
])('%s: it is transient', (_, error) => {
  expect(isRefusal(error)).toBe(false);
});
