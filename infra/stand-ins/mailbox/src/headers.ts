/** Longest Message-ID that is one: longer ones are as good as none. */
const maxMessageId = 998;

/** The Message-ID that stands in the header. */
export const messageIdOf = (source: string): string | undefined => {
  const id = /^message-id:[ \t]*(?:\r\n[ \t]+)?(<[^>\r\n]*>)/im.exec(headerOf(source))?.[1];
  return id === undefined || id.length > maxMessageId ? undefined : id;
};

/** The subject that stands in the header, decoded as far as words of UTF-8 and Latin go: to search in. */
export const subjectOf = (source: string): string => {
  const [, folded = ''] = /^subject:[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)/im.exec(headerOf(source)) ?? [];
  return decodeWords(folded.slice(0, maxSubjectHeader).replace(/\r\n(?=[ \t])/g, ''));
};

const maxSubjectHeader = 4_000;
/** Headers of a mail are not longer, whatever somebody sends. */
const maxHeader = 64 * 1_024;

const headerOf = (source: string): string => {
  const end = source.indexOf('\r\n\r\n');
  return source.slice(0, end < 0 ? maxHeader : Math.min(end, maxHeader));
};

/** RFC 2047: `=?utf-8?Q?Gr=C3=BC=C3=9Fe?=`. The space between two encoded words is none. */
const decodeWords = (text: string): string =>
  text.replace(/(\?=)[ \t]+(?==\?)/g, '$1').replace(/(?:=\?[^?\s]+\?[bq]\?[^?]*\?=)+/gi, (words) => {
    const parts = [...words.matchAll(/=\?([^?\s]+)\?([bq])\?([^?]*)\?=/gi)];
    // Together: a character of several bytes may be spread over two words.
    const charset = parts[0]?.[1] ?? 'utf-8';
    const bytes = Buffer.concat(parts.map(([, , encoding = '', data = '']) => bytesOf(encoding, data)));
    return decode(charset, bytes) ?? words;
  });

const bytesOf = (encoding: string, data: string): Buffer =>
  encoding.toLowerCase() === 'b'
    ? Buffer.from(data, 'base64')
    : Buffer.from(
        data
          .replaceAll('_', ' ')
          .replace(/=([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
        'latin1',
      );

const decode = (charset: string, bytes: Buffer): string | undefined => {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return undefined; // a charset that nobody knows
  }
};
