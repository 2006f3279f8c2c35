import { baseFields, errorFields } from '@emporium/service/log-schema';

/** What a log line says, without its fields. A line that is none of ours is returned as it is. */
export const summaryOf = (line: string): string => {
  const fields = fieldsOf(line);
  const message = fields?.[baseFields.message];
  if (typeof message !== 'string') return line;
  const error = fields?.[errorFields.message];
  return typeof error === 'string' && !message.includes(error) ? `${message}: ${error}` : message;
};

/** The fields of a line; undefined when it is not a JSON object. */
export const fieldsOf = (line: string): Readonly<Record<string, unknown>> | undefined => {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};
