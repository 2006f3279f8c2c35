/** The fields that a reason names, as in `… contract: user.registered, data.email: Invalid email address`. */
export const fieldsIn = (message: string): readonly string[] =>
  [...message.matchAll(/(?:^|[\s,;:(])((?:data|body)(?:\.[\w-]+)+)\b/g)].map(([, field = '']) =>
    field.replace(/^body\./, ''),
  );
