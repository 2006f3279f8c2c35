import {
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { dataSources } from '../data-sources.ts';

export interface Query {
  readonly expr: string;
  /** The name of each line; `{{label}}` is the value of a label. */
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  /** What it shows, and what is normal, for somebody who sees it first. */
  readonly description: string;
  /** A unit of Grafana: `s`, `bytes`, `short`, `ops`, `percentunit`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width?: number;
}

interface Chart extends Panel {
  /** Dots for single requests or messages, which open their trace. */
  readonly exemplars?: true;
  /** The lines are parts of a whole. */
  readonly stacked?: true;
}

interface Number extends Panel {
  /** From this value on it is orange, or red. */
  readonly warnFrom?: number;
  readonly badFrom?: number;
  /** Below this value it is red. */
  readonly badBelow?: number;
}

const refIds = 'ABCDEFGH';

/** Lines over time. */
export const chart = ({ title, description, unit, queries, width = 8, exemplars, stacked }: Chart) => {
  const panel = new TimeseriesBuilder()
    .title(title)
    .description(description)
    .datasource(dataSources.prometheus)
    .unit(unit)
    .min(0)
    .span(width)
    .height(8)
    .lineWidth(1)
    .fillOpacity(stacked ? 30 : 5)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  queries.forEach(({ expr, legend }, index) =>
    panel.withTarget(
      new DataqueryBuilder()
        .refId(refIds.charAt(index))
        .expr(expr)
        .legendFormat(legend)
        .range()
        .exemplar(exemplars === true),
    ),
  );
  return panel;
};

/** One number per line of the result, of now. */
export const number = ({
  title,
  description,
  unit,
  queries,
  width = 4,
  warnFrom,
  badFrom,
  badBelow,
}: Number) => {
  const good = { value: null, color: badBelow === undefined ? 'green' : 'red' };
  const steps = [
    good,
    ...(badBelow === undefined ? [] : [{ value: badBelow, color: 'green' }]),
    ...(warnFrom === undefined ? [] : [{ value: warnFrom, color: 'orange' }]),
    ...(badFrom === undefined ? [] : [{ value: badFrom, color: 'red' }]),
  ];
  const panel = new StatBuilder()
    .title(title)
    .description(description)
    .datasource(dataSources.prometheus)
    .unit(unit)
    .span(width)
    .height(4)
    .noValue('none')
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
  queries.forEach(({ expr, legend }, index) =>
    panel.withTarget(
      new DataqueryBuilder().refId(refIds.charAt(index)).expr(expr).legendFormat(legend).instant(),
    ),
  );
  return panel;
};
