import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';

interface PanelQuery {
  /** The dashboard and the panel. */
  readonly where: string;
  readonly expr: string;
}

/** The services that are chosen, one after the other, where a dashboard lets one choose. */
const chosen = ['order', 'payment'];

/** What Grafana sends to Prometheus for a dashboard that shows a minute. */
export const queriesOf = ({ title = '', panels = [], annotations }: Dashboard): readonly PanelQuery[] => [
  ...panels.filter(isPanel).flatMap((panel) =>
    (panel.targets ?? [])
      .flatMap((target) => ('expr' in target && typeof target.expr === 'string' ? [target.expr] : []))
      .flatMap((expr) => variantsOf(expr))
      .map((expr) => ({ where: `${title} / ${panel.title}`, expr })),
  ),
  ...(annotations?.list ?? []).flatMap(({ expr }) =>
    expr === undefined ? [] : [{ where: `${title} / annotation`, expr }],
  ),
];

const isPanel = (panel: NonNullable<Dashboard['panels']>[number]): panel is Panel => panel.type !== 'row';

const variantsOf = (expr: string): readonly string[] => {
  const timed = expr.replaceAll('$__rate_interval', '10s').replaceAll('$__range', '60s');
  return timed.includes('$service_name')
    ? chosen.map((service) => timed.replaceAll('$service_name', service))
    : [timed];
};
