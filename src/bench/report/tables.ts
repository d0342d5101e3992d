import { median } from '../interval.js';
import type { BenchResult, BenchWorkload, PeerRuns } from '../result.js';
import { count, intervalName, percent, short, span, times } from './figures.js';
import { type Content, html, type Markup } from './markup.js';
import { policiesOf, policyNames, summarise, verdictOf } from './policies.js';

/**
 * A table that scrolls by itself where it is wider than the screen. The first cell of a row heads it; columns after the
 * first `texts` are figures.
 */
export function table(
  caption: string,
  heads: readonly Content[],
  rows: readonly (readonly Content[])[],
  texts = 1,
): Markup {
  const kind = (column: number) => (column < texts ? 'text' : 'figure');
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${heads.map((head, i) => html`<th scope="col" class="${kind(i)}">${head}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([first, ...others]) =>
      html`<tr><th scope="row" class="text">${first}</th>${others.map((cell, i) => html`<td class="${kind(i + 1)}">${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`;
}

/** A line for each policy: what it does over all workloads. */
export function policyTable(result: BenchResult): Markup {
  return table(
    'Policies over all workloads',
    ['policy', 'geometric mean', 'best', 'worst', 'faster than plain on', 'slower on'],
    summarise(result).map(({ name, workloads, geometricMean, best, worst, faster, slower }) => [
      name,
      html`<b>${times(geometricMean)}</b>`,
      html`${times(best.speedup)} <small>${best.workload}</small>`,
      html`${times(worst.speedup)} <small>${worst.workload}</small>`,
      `${faster} of ${workloads}`,
      slower === 0 ? 'none' : html`<span class="slower">${slower} of ${workloads}</span>`,
    ]),
  );
}

/** Workloads down, policies across: the speed-up and its interval. */
export function speedupTable(result: BenchResult): Markup {
  const names = policyNames(result);
  return table(
    `Speed-up over plain decoding, and its ${intervalName(result.settings.repetitions)}`,
    ['workload', html`plain <small>tokens/s</small>`, ...names],
    result.workloads.map((workload) => [
      workload.name,
      short(workload.plain.tokensPerSecond),
      ...names.map((name) => speedupCell(workload, name)),
    ]),
  );
}

function speedupCell(workload: BenchWorkload, name: string): Content {
  const runs = workload.policies[name];
  if (runs === undefined) return '–';
  return html`<b class="${verdictOf(runs.interval)}">${times(runs.speedup)}</b><small>${span(runs.interval)}</small>`;
}

/** Every policy on every workload, in full. */
export function detailTable(result: BenchResult): Markup {
  const names = policyNames(result);
  const milliseconds = html`<small>ms</small>`;
  return table(
    'Each policy on each workload',
    [
      'workload',
      'policy',
      'temperature',
      'prompt tokens',
      'tokens/s',
      html`first token ${milliseconds}`,
      'first request',
      'tokens a round',
      'acceptance rate',
      'drafted',
      html`drafting ${milliseconds}`,
      html`verifying ${milliseconds}`,
    ],
    result.workloads.flatMap((workload) =>
      policiesOf(workload, names).map(({ name, runs }) => [
        workload.name,
        name,
        workload.temperature,
        count(workload.promptTokens),
        short(runs.tokensPerSecond),
        short(median(runs.firstTokenMs)),
        times(runs.cold.speedup),
        short(runs.tokensPerRound),
        percent(runs.acceptanceRate),
        count(runs.drafted),
        short(runs.draftMs),
        short(runs.verifyMs),
      ]),
    ),
    2,
  );
}

/** Workloads for which the oracle was worked out. */
export function oracleTable({ workloads }: BenchResult): Markup {
  return table(
    'Adaptive drafting against perfect foresight',
    ['workload', 'policy by itself', 'oracle', 'clairvoyant', 'share of the oracle'],
    workloads.flatMap(({ name, oracle }) =>
      oracle === undefined
        ? []
        : [
            [
              name,
              times(oracle.policy),
              times(oracle.oracle),
              times(oracle.clairvoyant),
              html`${bar(oracle.share)}${percent(oracle.share)}`,
            ],
          ],
    ),
  );
}

function bar(share: number): Markup {
  return html`<meter min="0" max="1" value="${Math.min(1, share).toFixed(3)}" aria-hidden="true"></meter> `;
}

/** Other programs on the same prompts. */
export function peerTable({ workloads }: BenchResult): Markup {
  const against = ({ against, againstInterval }: PeerRuns) =>
    html`<b class="${verdictOf(againstInterval)}">${times(against)}</b><small>${span(againstInterval)}</small>`;
  return table(
    'Other programs on the same prompts',
    ['workload', 'program', 'tokens/s', 'its own speed-up', 'Outrider over it', 'drafted', 'accepted'],
    workloads.flatMap(({ name, peers }) =>
      Object.entries(peers).map(([peer, runs]) => [
        name,
        peer,
        short(runs.tokensPerSecond),
        times(runs.speedup),
        against(runs),
        count(runs.drafted),
        count(runs.accepted),
      ]),
    ),
    2,
  );
}
