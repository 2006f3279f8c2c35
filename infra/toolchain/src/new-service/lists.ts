/** A list that names every service: the lines of a new one, and where they go. */
export interface ListEdit {
  readonly file: string;
  readonly lines: readonly string[];
  /** Its line of a list: they go after the last that matches. */
  readonly after?: RegExp;
  /** They go before the first line that matches. */
  readonly before?: RegExp;
  /** The places are looked for from the first line that matches. */
  readonly from?: RegExp;
}

export const listEdits = (name: string): readonly ListEdit[] => {
  const variable = name.toUpperCase().replaceAll('-', '_');
  const password = `\${${variable}_PASSWORD:-development-only-${name}}`;
  const compose = 'docker-compose.yml';
  return [
    {
      file: 'packages/contracts/src/define.ts',
      lines: [`  '${name}',`],
      from: /^export const services = \[/,
      before: /^\] as const;/,
    },
    {
      file: 'packages/contracts/src/subscriptions.ts',
      lines: [`  subscription('${name}.orders', { to: [orderCompleted], retry: quick }),`],
      from: /^const handled/,
      before: /^\];/,
    },
    {
      file: 'infra/launcher/src/services.ts',
      lines: [`  { name: '${name}', database: true, env: none },`],
      from: /^export const services/,
      after: /^ {2}\{ name: '[a-z0-9-]+', .*env: none \},/,
    },
    {
      file: 'services/gateway/src/addresses.ts',
      lines: [`  { path: '/api/${name}', service: '${name}', access: 'user' },`],
      from: /^export const addresses/,
      before: /^\];/,
    },
    {
      file: compose,
      lines: [
        `  ${name}:`,
        '    <<: *provided',
        `    command: [${name}]`,
        '    environment:',
        '      <<: *common',
        `      DATABASE_URL: postgres://${name}:${password}@postgres:5432/${name}`,
        `      BUS_URL: amqp://${name}:${password}@rabbitmq:5672`,
        '',
      ],
      before: /^ {2}# Stand for the outside world/,
    },
    {
      file: compose,
      lines: [`      ${variable}_PASSWORD: ${password}`],
      from: /^ {2}provision:/,
      after: /^ {6}[A-Z0-9_]+_PASSWORD: \$\{[A-Z0-9_]+:-development-only-/,
    },
    {
      file: compose,
      lines: [`      ${variable}_URL: http://${name}:8080`],
      from: /^ {2}gateway:/,
      after: /^ {6}[A-Z0-9_]+_URL: http:/,
    },
    {
      file: compose,
      lines: [`      ${name}: { condition: service_healthy }`],
      from: /^ {2}gateway:/,
      after: /^ {6}[a-z0-9-]+: \{ condition: service_healthy \}/,
    },
    {
      file: 'infra/observability/prometheus/prometheus.yml',
      lines: [`          - ${name}`],
      from: /^ {2}- job_name: emporium/,
      after: /^ {10}- [a-z0-9-]+$/,
    },
    {
      file: '.env.example',
      lines: [`${variable}_PASSWORD=development-only-${name}`],
      after: /^[A-Z0-9_]+_PASSWORD=development-only-/,
    },
  ];
};

/** The text with the lines at their place; undefined where the place is not found. */
export const insertLines = (text: string, { lines, from, after, before }: ListEdit): string | undefined => {
  const all = text.split('\n');
  const start = from === undefined ? 0 : all.findIndex((line) => from.test(line));
  if (start === -1) return undefined;
  const place = all.findIndex((line, index) => index >= start && before?.test(line) === true);
  const last = all.findLastIndex((line, index) => index >= start && after?.test(line) === true);
  if (place === -1 && last === -1) return undefined;
  return all.toSpliced(before === undefined ? last + 1 : place, 0, ...lines).join('\n');
};
