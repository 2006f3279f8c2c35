/** Seconds after which a silent connection counts as lost, unless the URL says otherwise. */
const heartbeatSeconds = 15;

export const withHeartbeat = (text: string): string => {
  const url = new URL(text);
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(heartbeatSeconds));
  return url.href;
};
