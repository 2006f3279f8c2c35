/** A header of a message. A value that a broker's protocol cannot carry is sent as text, or left out. */
export interface HostileHeader {
  readonly name: string;
  readonly header: string;
  readonly value: string | number | boolean | null | Uint8Array | readonly string[];
}

/** Names that other frameworks use, and that a transport might use without a prefix. */
const names = [
  'id',
  'type',
  'key',
  'attempt',
  'attempts',
  'due',
  'to',
  'from',
  'subscription',
  'failed-at',
  'reason',
];

const thirdParty: readonly HostileHeader[] = names.flatMap((header): HostileHeader[] => [
  { name: `${header} of a third party`, header, value: 'same' },
  { name: `${header} that is null`, header, value: null },
]);

export const hostileHeaders: readonly HostileHeader[] = [
  ...thirdParty,
  { name: 'due in an hour', header: 'due', value: String(Date.now() + 3_600_000) },
  { name: 'a sixth attempt', header: 'attempt', value: '6' },
  { name: 'the type of another contract', header: 'type', value: 'reading' },
  { name: 'our attempt that is null', header: 'emporium-attempt', value: null },
  { name: 'our attempt beyond int4', header: 'emporium-attempt', value: 2_147_483_648 },
  { name: 'our attempt below one', header: 'emporium-attempt', value: -1 },
  { name: 'our attempt as a word', header: 'emporium-attempt', value: 'many' },
  { name: 'our attempt as bytes', header: 'emporium-attempt', value: new Uint8Array([0, 255]) },
  {
    name: 'our time before the year 0',
    header: 'emporium-failed-at',
    value: '-271821-04-20T00:00:00.000Z',
  },
  { name: 'our time that is not a time', header: 'emporium-failed-at', value: 'yesterday' },
  { name: 'our time that is null', header: 'emporium-failed-at', value: null },
  { name: 'our reason with a NUL character', header: 'emporium-reason', value: 'A\u0000B' },
  { name: 'our reason that is too long', header: 'emporium-reason', value: 'x'.repeat(30_000) },
  { name: 'our id that is empty', header: 'emporium-id', value: '' },
  { name: 'our type with a NUL character', header: 'emporium-type', value: '\u0000' },
  { name: 'a flag', header: 'x-flag', value: true },
  { name: 'a list', header: 'x-list', value: ['a', 'b'] },
  { name: 'an empty name', header: '', value: 'a' },
  { name: 'a name with a line break', header: 'x-a\r\nx-b', value: 'a' },
  { name: 'a name that is a property of every object', header: '__proto__', value: 'a' },
];
