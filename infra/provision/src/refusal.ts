/** Whether a server has refused the user or the password, so that a retry is useless. */
export const isRefusal = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  // PostgreSQL's class 28, AMQP's 403, the management API's 401.
  const refused = 'code' in error && typeof error.code === 'string' && error.code.startsWith('28');
  return refused || /ACCESS.REFUSED|answered 401/.test(error.message) || isRefusal(error.cause);
};
