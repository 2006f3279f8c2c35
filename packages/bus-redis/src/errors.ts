/** The server is full, cannot write its file, has too few replicas, or is a replica: it accepts no writes until that changes. */
export const isBlocked = (error: unknown): boolean =>
  error instanceof Error && isReply(error) && /^(OOM|MISCONF|NOREPLICAS|READONLY) /.test(error.message);

/** The server is unavailable: not connected, starting, out of connections, being demoted, or busy with a script. */
export const isAway = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (isReply(error)) return awayReply.test(error.message);
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code)) return true;
  return /Connection is closed|isn't writeable|timed out|max retries per request/i.test(error.message);
};

const awayReply =
  /^(LOADING|MASTERDOWN|BUSY|CLUSTERDOWN|TRYAGAIN|UNBLOCKED force|ERR max number of clients) ?/;

/** The same command may succeed later. */
export const isUnavailable = (error: unknown): boolean => isAway(error) || isBlocked(error);

/** The stream or its group is missing: never declared, or removed, perhaps while a read waited. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Error && isReply(error) && /^(NOGROUP |UNBLOCKED the stream key)/.test(error.message);

const isReply = (error: Error): boolean => error.name === 'ReplyError';
