import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { columnsOf, type Window } from './windows.ts';

interface TemperatureChartProps {
  readonly location: string;
  readonly windows: readonly Window[];
}

const height = 140;

/** The band from the lowest to the highest temperature of each minute, and the mean in it. */
export const TemperatureChart = ({ location, windows }: TemperatureChartProps): JSX.Element => {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const [theme, setTheme] = useState(0);
  const data = useRef(windows);
  data.current = windows;

  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const change = (): void => setTheme((count) => count + 1);
    dark.addEventListener('change', change);
    return () => dark.removeEventListener('change', change);
  }, []);

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let isLeft = false;
    const resize = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0) chart.current?.setSize({ width, height });
    });
    void import('./draw.ts').then(({ draw }) => {
      if (isLeft) return;
      chart.current = draw(element, columnsOf(data.current), height);
      resize.observe(element);
    });
    return () => {
      isLeft = true;
      resize.disconnect();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [theme]);

  useEffect(() => chart.current?.setData(columnsOf(windows)), [windows]);

  return <div class="temperature-chart" ref={place} role="img" aria-label={summaryOf(location, windows)} />;
};

const summaryOf = (location: string, windows: readonly Window[]): string => {
  const lowest = Math.min(...windows.map(({ temperature }) => temperature.min));
  const highest = Math.max(...windows.map(({ temperature }) => temperature.max));
  return windows.length === 0
    ? `No readings of ${location}`
    : `${location}: between ${lowest} and ${highest} degrees in ${windows.length} minutes`;
};
