import { type ChartGroup, calibrationTable, chartGroups, costTable, figure, lengthTable } from './report/charts.js';
import { clientScript, json, plotLibrary, securityPolicy } from './report/embed.js';
import { intervalName } from './report/figures.js';
import { header, tiles } from './report/header.js';
import { html, Markup } from './report/markup.js';
import { speedupPlot } from './report/speedup-plot.js';
import { STYLE } from './report/style.js';
import { detailTable, oracleTable, peerTable, policyTable, speedupTable } from './report/tables.js';
import type { BenchResult } from './result.js';

/**
 * The bench's result as one HTML page that needs nothing else: style, scripts and data are in it, and its content security
 * policy forbids it to fetch anything. Every plot has a table with the same figures.
 */
export function renderHtml(result: BenchResult): string {
  const groups = chartGroups(result);
  const library = plotLibrary();
  const client = clientScript();
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${securityPolicy([library.script, client])}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outrider bench: ${result.models.target.name}</title>
<style>${new Markup(library.style + STYLE)}</style>
</head>
<body>
${header(result)}
<main>
${tiles(result)}
${speedups(result)}
${details(result, groups)}
</main>
<script type="application/json" id="charts">${json(groups)}</script>
<script>${new Markup(library.script)}</script>
<script type="module">${new Markup(client)}</script>
</body>
</html>
`;
  return page.text;
}

function speedups(result: BenchResult): Markup {
  return html`<section aria-labelledby="speedup">
<h2 id="speedup">Speed-up</h2>
<p class="muted">Time of plain decoding over the policy's, from the request to its last token: the median of the paired
repetitions and its ${intervalName(result.settings.repetitions)}. The line is plain decoding; to its left drafting costs time.</p>
${speedupPlot(result)}
${policyTable(result)}
${speedupTable(result)}
<details><summary>All figures</summary>${detailTable(result)}</details>
</section>`;
}

function details(result: BenchResult, groups: readonly ChartGroup[]): Markup {
  const group = (id: string) => groups.find((candidate) => candidate.id === id);
  const hasOracle = result.workloads.some(({ oracle }) => oracle !== undefined);
  const hasPeers = result.workloads.some(({ peers }) => Object.keys(peers).length > 0);
  return html`${hasOracle ? foresight(result) : undefined}
${hasPeers ? html`<section><h2>Other programs</h2>${peerTable(result)}</section>` : undefined}
${plotted(group('lengths'), {
  title: 'Draft length over time',
  text: 'Tokens drafted in each round of the last repetition. Drag over the plot to look closer, click twice to go back.',
  description: 'Draft length by round',
  table: lengthTable(result),
})}
<div class="pair">${plotted(group('calibration'), {
    title: 'Calibration',
    text: 'The confidence that a drafter gave its tokens, and how many of them the target accepted.',
    description: 'Acceptance by confidence, for each drafter',
    table: calibrationTable(result),
  })}
${plotted(group('costs'), {
  title: 'Time of a pass',
  text: 'T(n): what a pass costs by its rows, as measured while the workloads ran.',
  description: 'Milliseconds of a pass by its rows, for each model',
  table: costTable(result),
})}</div>`;
}

function foresight(result: BenchResult): Markup {
  return html`<section><h2>Perfect foresight</h2>
<p class="muted">What the same drafters could do with every acceptance probability known (oracle), and with every outcome
known (clairvoyant). Between them and what was measured, the policy by itself: adaptive on a clock on which every pass takes
what such passes took here.</p>${oracleTable(result)}</section>`;
}

interface Plotted {
  readonly title: string;
  readonly text: string;
  /** For those who do not see it. */
  readonly description: string;
  readonly table: Markup;
}

function plotted(group: ChartGroup | undefined, { title, text, description, table }: Plotted): Markup | undefined {
  if (group === undefined) return undefined;
  return html`<section><h2>${title}</h2><p class="muted">${text}</p>
${figure(group, `${description}; the table below holds the figures`)}
<details><summary>Figures</summary>${table}</details></section>`;
}
