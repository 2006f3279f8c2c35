import { storableText } from '@emporium/bus';

/** The most of a response's body that is read, in bytes. */
const maxBytes = 4 * 1_024;
/** The most of it that is kept, in characters. */
const maxLength = 1_000;
/** A status says it all: the rest of the response is not waited for any longer, in milliseconds. */
const maxWaitMs = 1_000;

interface Body extends AsyncIterable<Uint8Array> {
  destroy(): unknown;
}

/**
 * Reads the beginning of a body, for a person who looks for the cause of a failure: a thousand printable characters at most. Leaves the
 * rest unread, and does not wait for a body that takes its time. Never rejects. Undefined when there is none.
 */
export const readSnippet = async (body: Body): Promise<string | undefined> => {
  const chunks: Uint8Array[] = [];
  const timer = setTimeout(() => body.destroy(), maxWaitMs);
  try {
    let bytes = 0;
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= maxBytes) break; // closes the connection
    }
  } catch {
    // the connection broke, or it took too long: what has come is shown
  } finally {
    clearTimeout(timer);
  }
  const text = printable(Buffer.concat(chunks).subarray(0, maxBytes).toString(), maxLength);
  return text === '' ? undefined : text;
};

/** On one line, without control characters or characters that change the direction of the text around them. */
export const printable = (text: string, length: number): string =>
  storableText(text.replaceAll(/[\s\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu, ' ').trim(), length);
