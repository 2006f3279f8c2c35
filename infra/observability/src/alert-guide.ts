import type { Alert } from './rule.ts';
import { createAlerts } from './rule-files.ts';

/** `docs/alerts.md`: what each alert means, and what to do. */
export const alertGuide = (): string => {
  const byName = Map.groupBy(createAlerts(), ({ name }) => name);
  return `${[introduction, ...[...byName.values()].map(sectionOf)].join('\n\n')}\n`;
};

const introduction = `# Alerts

<!-- Written by npm run observability from infra/observability/src/alerts and objective-rules.ts: do not edit. -->

What fires, what it means and what to do. [infra/observability](../infra/observability/README.md) says where alerts are seen and how to add one.

\`npm run logs\` and \`npm run projections\` read the shop that \`npm run demo\` starts. In containers: \`docker compose logs <service>\`, or Kibana; and
\`/admin/status\` for the read models. The other commands work with both.

| severity | is for |
| --- | --- |
| \`critical\` | somebody acts now, day or night |
| \`warning\` | somebody acts within the day |
| \`info\` | good to know |`;

const sectionOf = (alerts: readonly Alert[]): string => {
  const [first] = alerts;
  if (first === undefined) return '';
  return [
    `## ${first.name}`,
    ...alerts.map(
      ({ severity, meaning, labels, for: duration }) =>
        `\`${severity}\`, after ${duration}${
          labels === undefined
            ? ''
            : ` (${Object.entries(labels)
                .map((each) => each.join(' '))
                .join(', ')})`
        }. ${meaning}`,
    ),
    first.action,
  ].join('\n\n');
};
