/** The part of JSON Schema that our contracts use. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

export interface SchemaField {
  /** `data.lines[].sku` */
  readonly path: string;
  readonly kind: string;
  readonly isRequired: boolean;
}

const maxDepth = 6;

/** The fields of a contract, the outer ones first. */
export const fieldsOf = (
  schema: Schema,
  path = 'data',
  isRequired = true,
  depth = 0,
): readonly SchemaField[] => [
  { path, kind: kindOf(schema), isRequired },
  ...(depth >= maxDepth ? [] : childrenOf(schema, path, depth + 1)),
];

const childrenOf = (schema: Schema, path: string, depth: number): readonly SchemaField[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    fieldsOf(child, `${path}.${name}`, schema.required?.includes(name) ?? false, depth),
  ),
  ...(schema.items?.properties === undefined ? [] : childrenOf(schema.items, `${path}[]`, depth)),
];

const kindOf = (schema: Schema): string => {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(' or ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(kindOf))].join(' or ');
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'anything' : kindOf(schema.items)}`;
  const type = typeof schema.type === 'string' ? schema.type : (schema.type?.join(' or ') ?? 'anything');
  const limits = [
    schema.format,
    rangeOf(schema.minimum, schema.maximum),
    rangeOf(schema.minLength, schema.maxLength, ' characters'),
  ].filter((each) => each !== undefined);
  return limits.length === 0 ? type : `${type}, ${limits.join(', ')}`;
};

const rangeOf = (low: number | undefined, high: number | undefined, unit = ''): string | undefined => {
  const max = high === undefined || high >= Number.MAX_SAFE_INTEGER ? undefined : high;
  const min = low === undefined || low <= Number.MIN_SAFE_INTEGER ? undefined : low;
  if (min === undefined) return max === undefined ? undefined : `${max}${unit} at most`;
  return max === undefined ? `${min}${unit} at least` : `${min} to ${max}${unit}`;
};
