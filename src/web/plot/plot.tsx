/** A chart: uPlot in the page's colours and as wide as its place. */
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { usePage } from '../page.js';
import { useStore } from '../store.js';

export interface Line {
  readonly label: string;
  /** A custom property of the style sheet, without its dashes. */
  readonly colour: string;
  readonly look?: 'line' | 'dashed' | 'measured' | 'bars' | 'dots';
  readonly values: readonly (number | null)[];
}

interface Props {
  readonly title: string;
  /** Behind the title: what the figures are. */
  readonly about?: string;
  readonly x: readonly number[];
  readonly lines: readonly Line[];
  readonly xLabel: string;
  readonly format?: (value: number) => string;
  /** The largest value of the vertical axis that is always there. */
  readonly atLeast?: number;
  readonly steps?: 'whole';
  /** Whether the key shows each line's newest value; lines over time have one. */
  readonly latest?: 'none';
}

const HEIGHT = 190;

export function Plot(props: Props) {
  const { title, about, lines, latest, format = threeDigits } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const latestProps = useRef(props);
  latestProps.current = props;
  const theme = useStore(usePage().theme);
  const shape = lines.map(({ label, look }) => `${label}/${look}`).join();
  useEffect(() => {
    const box = place.current!;
    let close = () => {};
    let closed = false;
    // By itself: the first view needs no charts.
    import('uplot').then(({ default: Chart }) => {
      if (closed) return;
      const plot = new Chart(optionsOf(Chart, latestProps.current, box.clientWidth), dataOf(latestProps.current), box);
      const observer = new ResizeObserver(([entry]) =>
        plot.setSize({ width: entry!.contentRect.width, height: HEIGHT }),
      );
      observer.observe(box);
      chart.current = plot;
      close = () => {
        observer.disconnect();
        plot.destroy();
      };
    });
    return () => {
      closed = true;
      chart.current = undefined;
      close();
    };
  }, [shape]);
  useEffect(() => chart.current?.setData(dataOf(props)), [props.x, ...lines.map(({ values }) => values)]);
  useEffect(() => {
    const redraw = () => chart.current?.redraw(false);
    redraw();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', redraw);
    return () => dark.removeEventListener('change', redraw);
  }, [theme]);
  return (
    <figure class="plot">
      <figcaption>
        <h2>{title}</h2>
        {about && <p class="soft">{about}</p>}
        <ul class="plot-key">
          {lines.map(({ label, colour, look = 'line', values }) => (
            <li key={label}>
              <span class={`plot-mark ${look} of-${colour}`} aria-hidden="true" />
              {label}
              {latest === undefined && <b>{newest(values, format)}</b>}
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} class="plot-place" aria-hidden="true" />
    </figure>
  );
}

function newest(values: readonly (number | null)[], format: (value: number) => string): string {
  const last = values.findLast((value) => value !== null);
  return last === undefined || last === null ? '' : format(last);
}

function dataOf({ x, lines }: Props): uPlot.AlignedData {
  return [[...x], ...lines.map(({ values }) => [...values])];
}

function optionsOf(
  Chart: typeof uPlot,
  { lines, xLabel, format = threeDigits, atLeast = 0, steps }: Props,
  width: number,
): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => colourOf('ink-soft'),
    grid: { stroke: () => colourOf('line'), width: 1 },
    ticks: { show: false },
    font: FONT,
    labelFont: FONT,
    labelSize: 18,
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { show: false } },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: false, ...(steps && { range: (_, from, to) => [from - 0.6, to + 0.6] }) },
      y: { range: (_, __, most) => [0, Math.max(atLeast, (most ?? 0) * 1.08) || 1] },
    },
    axes: [
      { ...axis, label: xLabel, size: 24, ...(steps && { incrs: [1, 2, 5, 10, 20] }) },
      { ...axis, size: 46, values: (_, values) => values.map(format) },
    ],
    series: [{}, ...lines.map((line) => seriesOf(Chart, line))],
  };
}

const FONT = '12px system-ui, sans-serif';

function seriesOf(Chart: typeof uPlot, { label, colour, look = 'line' }: Line): uPlot.Series {
  const stroke = () => colourOf(colour);
  switch (look) {
    case 'bars':
      return { label, stroke, fill: stroke, paths: Chart.paths.bars!({ size: [0.62, 40] }), points: { show: false } };
    case 'dots':
      return { label, stroke, width: 0, paths: () => null, points: { show: true, size: 7, fill: stroke } };
    case 'dashed':
      return { label, stroke, width: 1.5, dash: [5, 4], spanGaps: true, points: { show: false } };
    case 'measured':
      return { label, stroke, width: 2, spanGaps: true, points: { show: true, size: 6, fill: stroke } };
    case 'line':
      // A round of its own, with nothing on both sides, is a point.
      return { label, stroke, width: 2, points: { show: true, size: 5, fill: stroke, filter: lonely } };
  }
}

/** Points that no line reaches. */
const lonely: uPlot.Series.Points.Filter = (plot, series, show) => {
  if (!show) return [];
  const values = Array.from(plot.data[series]!);
  return values.flatMap((value, i) => (value != null && values[i - 1] == null && values[i + 1] == null ? [i] : []));
};

function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
}

function threeDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
