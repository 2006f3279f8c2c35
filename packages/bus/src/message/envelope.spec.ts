import { hostileBytes, hostileStrings, hostileTimes } from '@emporium/hostile-inputs';
import { describe, expect, test } from 'vitest';
import { Fault } from '../errors.ts';
import { decode, type Envelope, encode, maxHops, maxMessageBytes } from './envelope.ts';
import { unstorable } from './storable.ts';

const envelope: Envelope = {
  specversion: '1.0',
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  source: '/emporium/order',
  type: 'order.placed',
  time: '2026-11-23T08:10:42.158Z',
  subject: 'o-1',
  datacontenttype: 'application/json',
  dataschema: 'urn:emporium:schema:order.placed:1',
  correlationid: 'c-1',
  causationid: 'm-1',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  tracestate: 'vendor=value',
  hops: 3,
  sequence: 7,
  expiry: '2026-11-23T08:11:42.158Z',
  data: { orderId: 'o-1', note: 'Grüße, 漢字 🚚' },
};

const bytes = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const with_ = (change: Record<string, unknown>): Uint8Array => bytes({ ...envelope, ...change });

const faultOf = (body: Uint8Array): Fault => {
  try {
    decode(body);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it was decoded');
};

describe('an envelope', () => {
  test('is decoded as it was encoded', () => {
    expect(decode(encode(envelope))).toEqual(envelope);
  });

  test('is JSON in UTF-8 with the attributes beside the data', () => {
    expect(JSON.parse(Buffer.from(encode(envelope)).toString('utf8'))).toEqual(envelope);
  });

  test('keeps unknown attributes', () => {
    expect(decode(with_({ partner: 'x' }))).toEqual({ ...envelope, partner: 'x' });
  });

  test('without our extensions starts a new correlation', () => {
    const { specversion, id, source, type, time, subject, data } = envelope;
    expect(decode(bytes({ specversion, id, source, type, time, subject, data }))).toEqual({
      specversion,
      id,
      source,
      type,
      time,
      subject,
      data,
      datacontenttype: 'application/json',
      correlationid: id,
      hops: 0,
    });
  });

  test.each(['2026-11-23T08:10:42Z', '2026-11-23T08:10:42.158123Z', '2026-11-23T08:10:42+01:00'])(
    'accepts the RFC 3339 time %s',
    (time) => expect(decode(with_({ time })).time).toBe(time),
  );

  test.each(['application/json', 'application/json; charset=utf-8', 'application/vnd.shop+json'])(
    'accepts the JSON media type %s',
    (datacontenttype) => expect(decode(with_({ datacontenttype }))).toMatchObject({ datacontenttype }),
  );
});

describe('text that a database cannot store', () => {
  const refusal = (path: string) =>
    new RegExp(`contract: ${path}: (has a key that )?contains a NUL character or half`);

  test.each(hostileStrings.filter(({ storable }) => !storable))(
    'is refused with its path, when decoding and when encoding: $name',
    ({ value }) => {
      const invalid = [
        ['data.name', { data: { name: value } }],
        ['data.lines\\[0\\]', { data: { lines: [value] } }],
        ['data', { data: { [value]: 1 } }],
        ['subject', { subject: value }],
        ['id', { id: value }],
        ['correlationid', { correlationid: value }],
        ['vendor', { vendor: value }],
      ] as const;
      for (const [path, change] of invalid) {
        expect(faultOf(with_(change))).toMatchObject({ code: 'bus.invalid_message', settle: 'dead-letter' });
        expect(faultOf(with_(change)).message).toMatch(refusal(path));
        expect(() => encode({ ...envelope, ...change })).toThrow(refusal(path));
      }
    },
  );

  test.each(hostileStrings.filter(({ storable, value }) => storable && value !== ''))(
    'is distinguished from other text: $name',
    ({ value }) => expect(decode(with_({ data: { name: value } }))).toMatchObject({ data: { name: value } }),
  );
});

test.each(hostileBytes)(
  'hostile bytes are refused with a fault that settles as dead-letter: $name',
  ({ value }) => {
    const fault = faultOf(value);
    expect(fault).toMatchObject({ settle: 'dead-letter' });
    expect(unstorable(fault.message)).toBeUndefined();
  },
);

test.each(hostileTimes)('a time is RFC 3339 or refused: $name', ({ value }) => {
  const body = with_({ time: value });
  try {
    expect(Number.isNaN(Date.parse(decode(body).time))).toBe(false);
  } catch (error) {
    expect(error).toMatchObject({ code: 'bus.invalid_message', message: expect.stringContaining('time: ') });
  }
});

describe('decoding refuses', () => {
  const text = 'must be a text of 1 to 1000 characters';
  const count = 'must be a whole number, 0 or more';
  const time = 'must be an RFC 3339 time';

  test.each<[string, Uint8Array, string]>([
    [
      'bytes that are not UTF-8',
      Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d),
      'body: is not JSON',
    ],
    ['text that is not JSON', bytes('{"id":'), 'body: is not JSON'],
    ['an empty body', new Uint8Array(), 'body: is not JSON'],
    ['a list', bytes([envelope]), 'body: is not a JSON object'],
    ['null', bytes('null'), 'body: is not a JSON object'],
    ['a number', bytes('1'), 'body: is not a JSON object'],
    ['another version of CloudEvents', with_({ specversion: '0.3' }), "specversion: must be '1.0'"],
    ['no version of CloudEvents', with_({ specversion: undefined }), "specversion: must be '1.0'"],
    ...['id', 'source', 'type', 'subject', 'time'].flatMap<[string, Uint8Array, string]>((name) => [
      [`a missing ${name}`, with_({ [name]: undefined }), `${name}: ${text}`],
      [`an empty ${name}`, with_({ [name]: '' }), `${name}: ${text}`],
      [`a ${name} that is not a text`, with_({ [name]: 1 }), `${name}: ${text}`],
      [`a ${name} that is too long`, with_({ [name]: 'x'.repeat(1_001) }), `${name}: ${text}`],
    ]),
    ...[
      'dataschema',
      'datacontenttype',
      'correlationid',
      'causationid',
      'traceparent',
      'tracestate',
      'expiry',
    ].flatMap<[string, Uint8Array, string]>((name) => [
      [`an empty ${name}`, with_({ [name]: '' }), `${name}: ${text}`],
      [`a ${name} that is not a text`, with_({ [name]: { a: 1 } }), `${name}: ${text}`],
      [`a ${name} of null`, with_({ [name]: null }), `${name}: ${text}`],
      [`a ${name} that is too long`, with_({ [name]: 'x'.repeat(1_001) }), `${name}: ${text}`],
    ]),
    ...['hops', 'sequence'].flatMap<[string, Uint8Array, string]>((name) => [
      [`a negative ${name}`, with_({ [name]: -1 }), `${name}: ${count}`],
      [`half a ${name}`, with_({ [name]: 0.5 }), `${name}: ${count}`],
      [`a ${name} in a text`, with_({ [name]: '1' }), `${name}: ${count}`],
      [`a ${name} beyond exact numbers`, with_({ [name]: 2 ** 53 }), `${name}: ${count}`],
    ]),
    ...['time', 'expiry'].flatMap<[string, Uint8Array, string]>((name) => [
      [`a ${name} in words`, with_({ [name]: 'March 7' }), `${name}: ${time}`],
      [`a ${name} that is a date alone`, with_({ [name]: '2026-11-23' }), `${name}: ${time}`],
      [`a ${name} without a zone`, with_({ [name]: '2026-11-23T08:10:42' }), `${name}: ${time}`],
      [`a ${name} with a 13th month`, with_({ [name]: '2026-13-23T08:10:42Z' }), `${name}: ${time}`],
    ]),
    ['data that is not JSON', with_({ datacontenttype: 'text/xml' }), 'datacontenttype: must be JSON'],
  ])('%s', (_, body, problem) => {
    const fault = faultOf(body);
    expect(fault).toMatchObject({ code: 'bus.invalid_message', settle: 'dead-letter' });
    expect(fault.message.split(' (')[0]).toBe(`The message does not fit its contract: ${problem}`); // without the cause
  });

  test('a body over 64 KiB, and accepts one of exactly that size', () => {
    const padding = maxMessageBytes - with_({ data: '' }).byteLength;
    expect(decode(with_({ data: 'x'.repeat(padding) })).data).toHaveLength(padding);
    expect(faultOf(with_({ data: 'x'.repeat(padding + 1) }))).toMatchObject({
      code: 'bus.message_too_big',
      settle: 'dead-letter',
      message: 'The message is too big: bytes: 65537, limit: 65536',
    });
  });

  test('a message over the hop limit, and accepts one at it', () => {
    expect(decode(with_({ hops: maxHops })).hops).toBe(32);
    expect(faultOf(with_({ hops: maxHops + 1 }))).toMatchObject({
      code: 'bus.too_many_hops',
      settle: 'dead-letter',
      message: 'The message has too many hops: hops: 33, limit: 32',
    });
  });
});
