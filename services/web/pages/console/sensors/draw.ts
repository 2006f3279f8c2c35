import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

type Columns = [number[], number[], number[], number[]];

/** Steps of the axis in seconds, so that no two of its marks have the same text. */
const wholeMinutes = [1, 2, 5, 10, 15, 30, 60, 120].map((minutes) => minutes * 60);

/** Draws a chart of temperatures, with the colours that the element has now. */
export const draw = (element: HTMLElement, columns: Columns, height: number): uPlot => {
  const { color: ink, accentColor: accent, borderColor: line, outlineColor: band } = colours(element);
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const edge = { stroke: 'transparent', points: { show: false } };
  return new uPlot(
    {
      width: Math.max(element.clientWidth, 120),
      height,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_chart, low, high) => [Math.floor(low) - 1, Math.ceil(high) + 1] } },
      axes: [
        { ...axis, values: '{HH}:{mm}', incrs: wholeMinutes, space: 60, size: 28 },
        { ...axis, values: (_chart, values) => values.map((value) => `${value}°`), size: 40, space: 28 },
      ],
      // The mean is drawn last, over the band.
      series: [
        {},
        edge,
        edge,
        { stroke: accent, width: 2, points: { show: columns[0].length < 3, fill: accent } },
      ],
      bands: [{ series: [1, 2], fill: band }],
    },
    columns,
    element,
  );
};

const colours = (element: HTMLElement): CSSStyleDeclaration => getComputedStyle(element);
