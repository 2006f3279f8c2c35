/** Bytes as a person can read them: the JSON that they are, else base64. */
export type Readable =
  | { readonly encoding: 'json'; readonly content: unknown }
  | { readonly encoding: 'base64'; readonly content: string };

export const readable = (bytes: Uint8Array): Readable => {
  try {
    const content: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    JSON.stringify(content); // what is nested too deep to be written again is shown as bytes
    return { encoding: 'json', content };
  } catch {
    return { encoding: 'base64', content: Buffer.from(bytes).toString('base64') };
  }
};
