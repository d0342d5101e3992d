import type { BenchResult, BenchWorkload } from '../result.js';
import { intervalName, span, times } from './figures.js';
import { html, type Markup } from './markup.js';
import { policiesOf, policyNames } from './policies.js';

/** Pixels: of a policy's line, and above and below a workload's lines. */
const LINE_HEIGHT = 15;
const PADDING = 7;

/** A logarithmic axis of ratios, in percent of the plot's width. */
export interface Scale {
  readonly ticks: readonly number[];
  at(ratio: number): number;
}

/**
 * Speed-ups as dots with their intervals as whiskers, a row for each workload, a line for each policy, and the oracle as
 * a diamond. Positions are shares of the width and sizes are pixels, so it fits every screen without a script.
 */
export function speedupPlot(result: BenchResult): Markup {
  const names = policyNames(result);
  const scale = scaleOf(result);
  const hasOracle = result.workloads.some(({ oracle }) => oracle !== undefined);
  return html`<div class="speedups" role="img" aria-label="Speed-up of each policy on each workload, and its ${intervalName(result.settings.repetitions)}; the table below holds the same figures">
<div class="legend">${names.map((name, place) => html`<span class="series-${colour(place)}"><i class="dot"></i>${name}</span>`)}${
    hasOracle ? html`<span><i class="diamond"></i>perfect foresight</span>` : undefined
  }</div>
${axis(scale)}${result.workloads.map((workload) => row(workload, names, scale))}${axis(scale)}
</div>`;
}

/** An axis that holds every interval and 1, with round marks: a step of 1, 2, 5 of each decade, finer where it is narrow. */
export function scaleOf({ workloads }: Pick<BenchResult, 'workloads'>): Scale {
  const ratios = workloads.flatMap(({ policies, oracle }) => [
    ...Object.values(policies).flatMap(({ speedup, interval }) => [speedup, ...interval]),
    ...(oracle === undefined ? [] : [oracle.oracle]),
  ]);
  const positive = [1, ...ratios.filter((ratio) => Number.isFinite(ratio) && ratio > 0)];
  const low = Math.log(Math.min(0.8, ...positive) * 0.96);
  const high = Math.log(Math.max(1.25, ...positive) * 1.06);
  const between = (tick: number) => Math.log(tick) >= low && Math.log(tick) <= high;
  return {
    ticks: marks(high - low).filter(between),
    at: (ratio) => (100 * (Math.log(ratio) - low)) / (high - low),
  };
}

function marks(width: number): number[] {
  if (width < Math.log(3)) return [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.4, 1.6, 1.8, 2, 2.5];
  if (width < Math.log(12)) return [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 6, 8, 11];
  return [-3, -2, -1, 0, 1, 2].flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
}

function axis(scale: Scale): Markup {
  return html`<div class="row axis"><span></span><svg height="18">${scale.ticks.map(
    (tick) => html`<text x="${percentage(scale.at(tick))}" y="13" text-anchor="middle">${tick}×</text>`,
  )}</svg></div>`;
}

function row(workload: BenchWorkload, names: readonly string[], scale: Scale): Markup {
  const policies = policiesOf(workload, names);
  const height = 2 * PADDING + LINE_HEIGHT * Math.max(1, policies.length);
  return html`<div class="row"><span>${workload.name}</span><svg height="${height}">
${scale.ticks.map((tick) => verticalLine(scale.at(tick), tick === 1 ? 'one' : 'grid'))}
${policies.map(({ name, place, runs }, line) => {
  const y = PADDING + LINE_HEIGHT * (line + 0.5);
  const [low, high] = runs.interval;
  return html`<g class="series-${colour(place)}"><title>${workload.name}, ${name}: ${times(runs.speedup)} (${span(runs.interval)})</title>
<line class="whisker" x1="${percentage(scale.at(low))}" x2="${percentage(scale.at(high))}" y1="${y}" y2="${y}"/>
<circle cx="${percentage(scale.at(runs.speedup))}" cy="${y}" r="4.5"/></g>`;
})}${oracleMark(workload, scale, height / 2)}</svg></div>`;
}

function oracleMark({ name, oracle }: BenchWorkload, scale: Scale, y: number): Markup | undefined {
  if (oracle === undefined) return undefined;
  return html`<svg class="oracle" x="${percentage(scale.at(oracle.oracle))}" y="${y}" overflow="visible"><title>${name}, perfect foresight: ${times(oracle.oracle)}</title><path d="M0-6 6 0 0 6-6 0Z"/></svg>`;
}

function verticalLine(x: number, name: string): Markup {
  return html`<line class="${name}" x1="${percentage(x)}" x2="${percentage(x)}" y1="0" y2="100%"/>`;
}

function percentage(value: number): string {
  return `${value.toFixed(2)}%`;
}

/** The colours of style.ts, over again where there are more policies than colours. */
export function colour(place: number): number {
  return place % 8;
}
