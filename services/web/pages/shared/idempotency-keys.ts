/**
 * Returns the key of a request with a body: the same body keeps its key, whatever was answered before, so that it has one effect however
 * often it is sent; another body is another request. An answer is no reason for a new key: a refusal may follow a request that was lost
 * on its way back, and had its effect.
 */
export const createIdempotencyKeys = (): ((body: unknown) => string) => {
  const keys = new Map<string, string>();
  return (body) => {
    const text = JSON.stringify(body);
    const key = keys.get(text) ?? crypto.randomUUID();
    keys.set(text, key);
    return key;
  };
};
