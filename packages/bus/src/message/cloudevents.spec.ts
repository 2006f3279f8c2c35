import { type Contract, shop, userRegistered } from '@emporium/contracts';
import { CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { sample } from '../../test/sample.ts';
import { newContext } from './context.ts';
import { maxMessageBytes } from './envelope.ts';
import { createMessage, type MessageOptions, readMessage } from './message.ts';

const all = new Set(shop.contracts);
const time = new Date('2026-11-23T08:10:42.158Z');
const caused = {
  ...newContext({ correlationId: 'c-1' }),
  causationId: 'm-1',
  hops: 31,
  tracestate: 'vendor=value',
};

/** Read and checked by the official SDK, as any other consumer of CloudEvents would. */
const bySdk = (body: Uint8Array): CloudEvent<unknown> => {
  const headers = { 'content-type': 'application/cloudevents+json' };
  const event = HTTP.toEvent({ headers, body: Buffer.from(body).toString('utf8') });
  if (!(event instanceof CloudEvent)) throw new Error('The SDK did not return a single event');
  expect(event.validate()).toBe(true);
  return event;
};

const publish = (contract: Contract, size: 'smallest' | 'largest', options: MessageOptions = {}) =>
  createMessage(
    contract.owner,
    contract,
    sample(contract, size),
    size === 'smallest' ? newContext() : caused,
    options,
  );

describe.each(shop.on('bus').contracts.map((contract) => [contract.type, contract] as const))(
  '%s',
  (_, contract) => {
    test.each(['smallest', 'largest'] as const)(
      'is accepted by the official CloudEvents SDK with its %s data',
      (size) => {
        const options = size === 'smallest' ? {} : { time, sequence: 2 ** 31 - 1, expiry: time };
        const message = publish(contract, size, options);
        const event = bySdk(message.body);
        const { data, ...attributes } = JSON.parse(Buffer.from(message.body).toString('utf8'));
        expect(event).toMatchObject(attributes);
        expect(event.data).toEqual(sample(contract, size));
        expect(readMessage(shop, all, message.body).data).toEqual(data);
      },
    );

    test('fits the size limit with its largest data', () => {
      expect(publish(contract, 'largest').body.byteLength).toBeLessThan(maxMessageBytes);
    });
  },
);

test.each([
  ['a relative dataschema', /"dataschema":"[^"]*"/, '"dataschema":"/schemas/relative"'],
  ['an empty source', /"source":"[^"]*"/, '"source":""'],
  ['no type', /"type":"[^"]*",/, ''],
  ['an attribute name with other characters than letters and digits', '"hops"', '"hop_s"'],
])('the SDK refuses %s, so its acceptance is a real check', (_, attribute, wrong) => {
  const text = Buffer.from(publish(userRegistered, 'smallest').body).toString('utf8');
  expect(text.replace(attribute, wrong)).not.toBe(text);
  expect(() => bySdk(Buffer.from(text.replace(attribute, wrong)))).toThrow();
});
