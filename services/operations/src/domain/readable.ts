/** Bytes in a form that people can read: as JSON where they are JSON, else as base64. */
export type Readable =
  | { readonly encoding: 'json'; readonly content: unknown }
  | { readonly encoding: 'base64'; readonly content: string };

export const readable = (bytes: Uint8Array): Readable => {
  try {
    const content: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    JSON.stringify(content); // throws when it is nested too deeply to be sent in a response
    return { encoding: 'json', content };
  } catch {
    return { encoding: 'base64', content: Buffer.from(bytes).toString('base64') };
  }
};
