/** A value for a text field. */
export interface HostileString {
  readonly name: string;
  readonly value: string;
  /** False for text that PostgreSQL cannot store. */
  readonly storable: boolean;
}

const storable = (name: string, value: string): HostileString => ({ name, value, storable: true });
const unstorable = (name: string, value: string): HostileString => ({ name, value, storable: false });

export const hostileStrings: readonly HostileString[] = [
  unstorable('a NUL character', 'A\u0000B'),
  unstorable('only a NUL character', '\u0000'),
  unstorable('the first half of a surrogate pair', 'A\uD83D'),
  unstorable('the second half of a surrogate pair', '\uDE00B'),
  unstorable('surrogate halves the wrong way round', '\uDE00\uD83D'),
  storable('an empty text', ''),
  storable('spaces', '   '),
  storable('a tab and a line break', 'a\tb\nc'),
  storable('CR LF and a header', 'a\r\nSet-Cookie: b=c'),
  storable('a mail header', 'Anna\r\nBcc: everybody@example.com'),
  storable('control characters', '\u0001\u0007\u001B[31m\u007F'),
  storable('C1 control characters', '\u0085\u009B'),
  storable('right-to-left override', 'evil\u202Egpj.exe'),
  storable('isolates', '\u2066a\u2069'),
  storable('zero-width characters', 'a\u200Bb\u200Dc\u2060d\uFEFF'),
  storable('invisible characters', '\u200B\u200E\u2063'),
  storable('a noncharacter', 'a\uFFFFb'),
  storable('an emoji of many parts', '👩‍👩‍👧‍👦'),
  storable('a hundred combining marks', `e${'\u0301'.repeat(100)}`),
  storable('another normal form', 'e\u0301 \u00E9'),
  storable('a dotless i', 'İıſK'),
  storable('a link', 'You won 500 EUR: http://spam.example/x?id=1'),
  storable('HTML', '<script>alert(1)</script><img src=x onerror=alert(1)>'),
  storable('SQL', `'; drop table orders; --`),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the template syntax of third parties
  storable('a template', '${7*7} {{7*7}} %s %n'),
  storable('a path', '../../etc/passwd'),
  storable('an encoded path', '..%2f..%2fpackage.json'),
  storable('percent signs', '%00%zz%'),
  storable('__proto__', '__proto__'),
  storable('constructor', 'constructor'),
  storable('toString', 'toString'),
  storable('quotes and backslashes', `"'\`\\`),
  storable('a spreadsheet formula', '=1+1'),
  storable('a JSON text', '{"a":1}'),
  storable('the word null', 'null'),
  storable('a wildcard', '%_*?#'),
  storable('a routing key of its own', 'order.#.*'),
  storable('a thousand characters', 'x'.repeat(1_000)),
  storable('ten thousand characters', 'x'.repeat(10_000)),
  storable('a thousand characters of four bytes', '😀'.repeat(1_000)),
];
