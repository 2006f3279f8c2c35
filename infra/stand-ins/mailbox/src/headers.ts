/** A longer Message-ID is ignored. */
const maxMessageIdLength = 998;

/** The Message-ID in the header, with angle brackets. */
export const messageIdOf = (source: string): string | undefined => {
  const id = /^message-id:[ \t]*(?:\r\n[ \t]+)?(<[^>\r\n]*>)/im.exec(headerOf(source))?.[1];
  return id === undefined || id.length > maxMessageIdLength ? undefined : id;
};

/** The subject in the header, for searching. Encoded words in an unknown charset stay encoded. */
export const subjectOf = (source: string): string => {
  const [, folded = ''] = /^subject:[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)/im.exec(headerOf(source)) ?? [];
  return decodeWords(folded.slice(0, maxSubjectLength).replace(/\r\n(?=[ \t])/g, ''));
};

const maxSubjectLength = 4_000;
/** The part of a mail that is searched for headers, in bytes. */
const maxHeaderBytes = 64 * 1_024;

const headerOf = (source: string): string => {
  const end = source.indexOf('\r\n\r\n');
  return source.slice(0, end < 0 ? maxHeaderBytes : Math.min(end, maxHeaderBytes));
};

/** RFC 2047: `=?utf-8?Q?Gr=C3=BC=C3=9Fe?=`. White space between two encoded words is ignored. */
const decodeWords = (text: string): string =>
  text.replace(/(\?=)[ \t]+(?==\?)/g, '$1').replace(/(?:=\?[^?\s]+\?[bq]\?[^?]*\?=)+/gi, (words) => {
    const parts = [...words.matchAll(/=\?([^?\s]+)\?([bq])\?([^?]*)\?=/gi)];
    // Decoded together, since a multi-byte character may be split across two words.
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
    return undefined; // unknown charset
  }
};
