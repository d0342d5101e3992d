import { median } from '../interval.js';
import type { BenchMachine, BenchModel, BenchResult } from '../result.js';
import { bytes, count, parameters, percent, times } from './figures.js';
import { html, type Markup } from './markup.js';
import { HEADLINE, summarise } from './policies.js';

/** What was measured, where, when and how: a speed means nothing without. */
export function header({ machine, date, end, models, settings }: BenchResult): Markup {
  const drafts = models.drafts.map(modelLine);
  const facts: readonly (readonly [string, Markup | string])[] = [
    ['target', modelLine(models.target)],
    [drafts.length > 1 ? 'drafts' : 'draft', drafts.length === 0 ? 'none' : html`${drafts.map(line)}`],
    ['machine', html`${machine.processor}, ${machine.cores} cores, ${bytes(machine.memoryBytes)} of memory`],
    ['threads', threadsOf(machine)],
    ['programs', html`Outrider ${machine.outrider}, llama.cpp ${machine.llama}, Node ${machine.node}`],
    ['system', html`<small>${machine.system}</small>`],
    [
      'settings',
      `${count(settings.tokens)} tokens an answer, ${settings.repetitions} interleaved repetitions${settings.strict ? ', strict' : ''}`,
    ],
    ...(end === 'interrupted' ? [['interrupted', 'only what was whole by then'] as const] : []),
  ];
  return html`<header><h1>Outrider bench</h1>
<p class="muted"><time datetime="${date}">${new Date(date).toISOString().slice(0, 16).replace('T', ' ')} UTC</time></p>
<dl class="facts">${facts.map(([name, fact]) => html`<dt>${name}</dt><dd>${fact}</dd>`)}</dl></header>`;
}

function threadsOf({ threads }: BenchMachine): string {
  const draft = threads.draft === undefined ? '' : `, draft ${threads.draft}`;
  return `target ${threads.target}${draft}`;
}

function modelLine({ name, description, parameters: size, bytes: fileSize }: BenchModel): Markup {
  return html`<b>${name}</b> <small>${description}, ${parameters(size)} parameters, ${bytes(fileSize)}</small>`;
}

function line(content: Markup): Markup {
  return html`<div>${content}</div>`;
}

/** The headline policy in four figures; nothing where it did not run. */
export function tiles(result: BenchResult): Markup | undefined {
  const summary = summarise(result).find(({ name }) => name === HEADLINE);
  if (summary === undefined) return undefined;
  const { geometricMean, best, worst, workloads } = summary;
  const shares = result.workloads.flatMap(({ oracle }) => (oracle === undefined ? [] : [oracle.share]));
  return html`<div class="tiles">
${tile(times(geometricMean), `${HEADLINE}, geometric mean of ${workloads} workloads`)}
${tile(times(best.speedup), `at best: ${best.workload}`)}
${tile(times(worst.speedup), `at worst: ${worst.workload}`)}
${shares.length === 0 ? undefined : tile(percent(median(shares)), 'of what perfect foresight could do, median')}
</div>`;
}

function tile(figure: string, text: string): Markup {
  return html`<div class="tile"><b>${figure}</b><span>${text}</span></div>`;
}
