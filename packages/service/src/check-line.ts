import { baseFields, ecsVersion, errorFields, logFields } from './log-fields.ts';

const levels = new Set<unknown>(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

type Rule = (value: unknown) => boolean;

const isText: Rule = (value) => typeof value === 'string';
const rules = {
  text: isText,
  texts: (value) => Array.isArray(value) && value.every(isText),
  number: (value) => typeof value === 'number',
} satisfies Record<string, Rule>;

const base: Readonly<Record<string, Rule>> = {
  [baseFields.time]: (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(value)),
  [baseFields.level]: (value) => levels.has(value),
  [baseFields.message]: isText,
  [baseFields.ecsVersion]: (value) => value === ecsVersion,
  [baseFields.service]: (value) => /^[a-z-]+$/.test(String(value)),
  [baseFields.version]: (value) => /^\d+\.\d+\.\d+/.test(String(value)),
  [baseFields.pid]: (value) => typeof value === 'number',
};

const others = new Map<string, Rule>([
  ...Object.values(errorFields).map((field) => [field, isText] as const),
  ...Object.values(logFields).map(({ field, kind }) => [field as string, rules[kind]] as const),
  [logFields.traceId.field, (value) => /^[0-9a-f]{32}$/.test(String(value))],
  [logFields.spanId.field, (value) => /^[0-9a-f]{16}$/.test(String(value))],
]);

const context = [logFields.correlationId, logFields.traceId, logFields.spanId].map(({ field }) => field);

/** What is wrong with a line of a log file; nothing for a line with the fields that log-fields.ts declares. */
export const checkLine = (line: string): readonly string[] => {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(line);
  } catch {
    return ['is not JSON'];
  }
  const present = context.filter((field) => field in fields);
  return [
    ...Object.entries(base).flatMap(([field, rule]) =>
      rule(fields[field]) ? [] : [`${field} is ${fields[field]}`],
    ),
    ...Object.entries(fields)
      .filter(([field]) => !(field in base))
      .flatMap(([field, value]) => {
        const rule = others.get(field);
        if (rule === undefined) return [`${field} is not declared`];
        return rule(value) ? [] : [`${field} is ${JSON.stringify(value)}`];
      }),
    ...(present.length === 0 || present.length === context.length ? [] : [`it has ${present} alone`]),
  ];
};
