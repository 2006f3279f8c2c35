/** The field that a reason names, as in `Invalid message: data.email: Invalid email address`. */
export const fieldIn = (message: string): string | undefined =>
  /(?:^|[\s,;:(])((?:data|body)(?:\.[\w-]+)+)\b/.exec(message)?.[1]?.replace(/^body\./, '');
