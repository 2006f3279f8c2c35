import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { dataSources } from '../data-sources.ts';
import type { chart, number } from './panels.ts';

interface Section {
  readonly title: string;
  readonly panels: readonly ReturnType<typeof chart | typeof number>[];
}

interface DashboardOptions {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Whether one process is chosen: `$service_name` in its queries. */
  readonly ofOneService?: true;
  readonly sections: readonly Section[];
}

const tag = 'emporium';

/** The addresses of docker-compose.yml. */
const jaegerUrl = `http://127.0.0.1:16686/trace/\${trace_id}`;
/** A saved search of Kibana, for the value of a variable. */
const kibanaUrl = (search: string, field: string, variable: string) =>
  `http://127.0.0.1:5601/app/discover#/view/${search}?_g=(time:(from:now-14d,to:now))&_a=(query:(language:lucene,query:'${field}:"\${${variable}}"'))`;

/** A dashboard with a row for each section, and links to the others, to a trace and to its log lines. */
export const dashboard = ({
  uid,
  title,
  description,
  ofOneService,
  sections,
}: DashboardOptions): Dashboard => {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([tag])
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('10s')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .link(
      new DashboardLinkBuilder('Dashboards')
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .asDropdown(true)
        .keepTime(true),
    )
    .link(linkTo('Trace', 'Opens the trace id of above in Jaeger', jaegerUrl))
    .link(
      linkTo(
        'Logs of the trace',
        'Log lines with the trace id, in Kibana',
        kibanaUrl('emporium-trace', 'trace.id', 'trace_id'),
      ),
    )
    .link(
      linkTo(
        'Logs of the request',
        'Log lines with the correlation id, in Kibana',
        kibanaUrl('emporium-request', 'emporium.correlation_id', 'correlation_id'),
      ),
    )
    .annotation(
      new AnnotationQueryBuilder()
        .name('Alerts')
        .datasource(dataSources.prometheus)
        .enable(true)
        .iconColor('red')
        .expr('ALERTS{alertstate="firing"}')
        .titleFormat('{{alertname}}')
        .step('15s'),
    );
  if (ofOneService)
    builder.withVariable(
      new QueryVariableBuilder('service_name')
        .label('Service')
        .datasource(dataSources.prometheus)
        .query('label_values(up{job="emporium"}, service_name)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .sort(VariableSort.AlphabeticalAsc)
        .current({ selected: true, text: 'order', value: 'order' }),
    );
  builder
    .withVariable(new TextBoxVariableBuilder('trace_id').label('Trace id'))
    .withVariable(new TextBoxVariableBuilder('correlation_id').label('Correlation id'));
  for (const section of sections) {
    builder.withRow(new RowBuilder(section.title));
    for (const panel of section.panels) builder.withPanel(panel);
  }
  return withPanelIds(builder.build());
};

const linkTo = (title: string, tooltip: string, url: string) =>
  new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .url(url)
    .tooltip(tooltip)
    .icon('external link')
    .targetBlank(true);

/** Links to a panel hold its id. */
const withPanelIds = (built: Dashboard): Dashboard => ({
  ...built,
  panels: (built.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 })),
});
