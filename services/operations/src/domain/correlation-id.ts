/** The correlation id of a message's envelope; undefined when its body is no envelope, or has none that is usable. */
export const correlationIdIn = (body: Uint8Array): string | undefined => {
  try {
    const envelope: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (typeof envelope !== 'object' || envelope === null || !('correlationid' in envelope)) return undefined;
    const { correlationid: id } = envelope;
    return typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
};

/** Where what followed from a request is shown. */
export const traceAddress = (correlationId: string): string =>
  `/api/admin/trace/${encodeURIComponent(correlationId)}`;
