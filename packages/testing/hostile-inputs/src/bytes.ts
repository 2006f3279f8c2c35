/** The body of a message or a request. */
export interface HostileBytes {
  readonly name: string;
  readonly value: Uint8Array;
}

const text = (value: string): Uint8Array => Buffer.from(value, 'utf8');
const hex = (value: string): Uint8Array => Buffer.from(value.replaceAll(' ', ''), 'hex');

/** None of them is a valid message of any contract. */
export const hostileBytes: readonly HostileBytes[] = [
  { name: 'an empty body', value: new Uint8Array(0) },
  { name: 'one NUL byte', value: hex('00') },
  { name: 'binary that begins with NUL bytes', value: hex('00 00 00 01 02 03') },
  { name: 'every byte value', value: Uint8Array.from({ length: 256 }, (_, index) => index) },
  { name: 'invalid UTF-8 inside JSON', value: Buffer.concat([text('{"name":"'), hex('ff fe'), text('"}')]) },
  { name: 'overlong UTF-8', value: hex('c0 80') },
  {
    name: 'a surrogate half encoded as UTF-8',
    value: Buffer.concat([text('"'), hex('ed a0 80'), text('"')]),
  },
  { name: 'UTF-8 cut in the middle of a character', value: hex('22 e2 82') },
  { name: 'UTF-16 with a byte order mark', value: Buffer.from('\uFEFF{"a":1}', 'utf16le') },
  { name: 'a UTF-8 byte order mark before JSON', value: text('\uFEFF{"a":1}') },
  { name: 'gzip', value: hex('1f 8b 08 00 00 00 00 00 00 03 ab ae 05 00 43 bf a6 a3 02 00 00 00') },
  { name: 'a Confluent schema registry header', value: hex('00 00 00 00 07 02 08') },
  { name: 'cut JSON', value: text('{"specversion":"1.0","id":"1"') },
  { name: 'JSON null', value: text('null') },
  { name: 'a JSON number', value: text('42') },
  { name: 'a JSON text', value: text('"text"') },
  { name: 'a JSON array', value: text('[]') },
  { name: 'an empty JSON object', value: text('{}') },
  { name: 'two JSON objects', value: text('{}{}') },
  { name: 'NDJSON', value: text('{}\n{}\n') },
  { name: 'NaN', value: text('NaN') },
  { name: 'a number out of range', value: text('{"a":1e400}') },
  { name: '__proto__ as a key', value: text('{"__proto__":{"admin":true},"constructor":1}') },
  { name: 'the same key twice', value: text('{"id":"1","id":"2"}') },
  { name: 'an escaped NUL', value: text('{"name":"A\\u0000B"}') },
  { name: 'an escaped NUL as a key', value: text('{"\\u0000":1}') },
  { name: 'an escaped half of a surrogate pair', value: text('{"name":"\\ud83d"}') },
  { name: 'ten thousand nested arrays', value: text('['.repeat(10_000) + ']'.repeat(10_000)) },
  { name: 'ten thousand nested objects', value: text(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`) },
  { name: 'XML', value: text('<?xml version="1.0"?><order/>') },
  { name: 'a line break', value: text('\r\n') },
  { name: 'a long text', value: text('x'.repeat(70_000)) },
];
