import type { BenchResult } from '../result.js';
import { count, percent, short } from './figures.js';
import { html, type Markup } from './markup.js';
import { HEADLINE, policiesOf, policyNames } from './policies.js';
import { colour } from './speedup-plot.js';
import { table } from './tables.js';

/** What client.js draws: a figure of the page, with one chart or a choice of several. */
export interface ChartGroup {
  /** The `data-chart` of its figure. */
  readonly id: string;
  readonly charts: readonly Chart[];
}

export interface Chart {
  readonly name: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Axis {
  readonly label: string;
  /** From the data where there is none; the y axis then starts at 0. */
  readonly range?: readonly [number, number];
  /** Marks at whole numbers only. */
  readonly whole?: true;
}

export interface Series {
  readonly name: string;
  /** 0 to 7, of the palette in style.ts. */
  readonly colour: number;
  readonly look: 'dots' | 'steps' | 'reference';
  /** Whether it is drawn before anybody asks for it. */
  readonly shown: boolean;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Everything that client.js draws; groups without data are left out. */
export function chartGroups(result: BenchResult): ChartGroup[] {
  const groups = [
    { id: 'lengths', charts: lengthCharts(result) },
    { id: 'calibration', charts: calibrationCharts(result) },
    { id: 'costs', charts: costCharts(result) },
  ];
  return groups.filter(({ charts }) => charts.length > 0);
}

/** Draft lengths over the rounds of a request, a chart for each workload; what adapts is shown first, where it ran. */
function lengthCharts(result: BenchResult): Chart[] {
  const names = policyNames(result);
  return result.workloads.map((workload) => ({
    name: workload.name,
    x: { label: 'round', whole: true },
    y: { label: 'drafted tokens', whole: true },
    series: policiesOf(workload, names).map(({ name, place, runs: { lengths } }) => ({
      name,
      colour: colour(place),
      look: 'steps',
      shown: name === HEADLINE || !names.includes(HEADLINE),
      x: lengths.map((_, round) => round + 1),
      y: lengths,
    })),
  }));
}

function calibrationCharts({ calibration }: BenchResult): Chart[] {
  const curves = calibration.filter(({ bins }) => bins.length > 0);
  if (curves.length === 0) return [];
  const perfect: Series = { name: 'perfect', colour: 6, look: 'reference', shown: true, x: [0, 1], y: [0, 1] };
  const series = curves.map(
    ({ drafter, bins }, place): Series => ({
      name: drafter,
      colour: colour(place),
      look: 'dots',
      shown: true,
      x: bins.map(({ confidence }) => confidence),
      y: bins.map(({ accepted }) => accepted),
    }),
  );
  const unit = [0, 1] as const;
  return [
    {
      name: 'Calibration',
      x: { label: 'confidence', range: unit },
      y: { label: 'accepted', range: unit },
      series: [perfect, ...series],
    },
  ];
}

function costCharts(result: BenchResult): Chart[] {
  const series = costCurves(result).map(
    ({ name, points }, place): Series => ({
      name,
      colour: colour(place),
      look: 'dots',
      shown: true,
      x: points.map(({ rows }) => rows),
      y: points.map(({ ms }) => ms),
    }),
  );
  return series.length === 0 ? [] : [{ name: 'Costs', x: { label: 'rows', whole: true }, y: { label: 'ms' }, series }];
}

function costCurves({ costs, models }: BenchResult) {
  const drafts = Object.entries(costs.drafts).map(([name, points]) => ({ name, points }));
  return [{ name: `${models.target.name} (target)`, points: costs.target }, ...drafts]
    .map(({ name, points }) => ({ name, points: points.toSorted((a, b) => a.rows - b.rows) }))
    .filter(({ points }) => points.length > 0);
}

/** A figure that client.js fills, with a choice of its charts where there are several. */
export function figure({ id, charts }: ChartGroup, description: string): Markup {
  const choice = html`<label>workload <select>${charts.map(({ name }) => html`<option>${name}</option>`)}</select></label>`;
  return html`<figure data-chart="${id}">${charts.length > 1 ? choice : undefined}
<div class="legend"></div><div class="plot" role="img" aria-label="${description}"></div>
<noscript><p>This plot needs JavaScript; the table holds its figures.</p></noscript></figure>`;
}

/** What the draft lengths of each policy's rounds come to. */
export function lengthTable(result: BenchResult): Markup {
  const names = policyNames(result);
  const rows = result.workloads.flatMap((workload) =>
    policiesOf(workload, names).map(({ name, runs: { lengths } }) => [
      workload.name,
      name,
      count(lengths.length),
      short(lengths.reduce((sum, length) => sum + length, 0) / lengths.length),
      lengths.length === 0 ? '–' : Math.max(...lengths),
      percent(lengths.filter((length) => length === 0).length / lengths.length),
    ]),
  );
  return table(
    'Draft lengths of the last repetition',
    ['workload', 'policy', 'rounds', 'mean', 'longest', 'rounds without a draft'],
    rows,
    2,
  );
}

export function calibrationTable({ calibration }: BenchResult): Markup {
  const rows = calibration.flatMap(({ drafter, bins }) =>
    bins.map(({ confidence, accepted, count: tokens }) => [
      drafter,
      confidence.toFixed(2),
      accepted.toFixed(2),
      count(tokens),
    ]),
  );
  return table('Confidence and acceptance', ['drafter', 'mean confidence', 'accepted', 'judged tokens'], rows);
}

export function costTable(result: BenchResult): Markup {
  const rows = costCurves(result).flatMap(({ name, points }) =>
    points.map(({ rows, ms }) => [name, count(rows), short(ms), short(ms / rows)]),
  );
  return table('Time of a pass', ['model', 'rows', 'ms', 'ms a row'], rows);
}
