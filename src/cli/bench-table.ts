/** The bench's result for a terminal: a line a workload, and what it comes to. */
import { geometricMean, LEAST_FOR_INTERVAL, median } from '../bench/interval.js';
import { HEADLINE, oracleShares, policyNames, summarise } from '../bench/report/policies.js';
import type { BenchResult, BenchWorkload, PolicyRuns } from '../bench/result.js';
import { aligned, type Cell } from './table.js';
import type { Paint } from './terminal.js';

/** What may be lost where nothing can be gained. */
const NEVER_SLOWER = 0.97;

/** Lines without their ends. */
export function benchTable(result: BenchResult, paint: Paint): string[] {
  const others = policyNames(result).filter((name) => name !== HEADLINE);
  const heads = [
    'workload',
    'plain t/s',
    HEADLINE,
    result.settings.repetitions < LEAST_FOR_INTERVAL ? 'range' : '95 %',
    'cold',
    'tok/pass',
    'accepted',
    ...others,
    'policy',
    'oracle',
    'share',
    'agrees',
  ];
  const rows = result.workloads.map((workload) => row(workload, others));
  return [
    ...heading(result),
    '',
    ...aligned([heads.map((text): Cell => ({ text, style: 'dim' })), ...rows], paint),
    '',
    ...verdict(result),
    ...peerLines(result, paint),
    ...guardLines(result),
  ];
}

/** What speculation costs where it is no use. */
function guardLines({ guards }: BenchResult): string[] {
  if (guards === undefined) return [];
  const { tokens, forwards, probes, draftMs, elapsedMs } = guards.off;
  const share = ((100 * draftMs) / elapsedMs).toFixed(1);
  return [
    '',
    `with a hopeless draft ${tokens} tokens took ${forwards} draft forwards and ${probes} probes, ${share} % of the time`,
    ...guards.firstToken.map(
      ({ promptTokens, ratio, interval, withDraftMs, withoutMs }) =>
        `first token of a prompt of ${promptTokens}: ${withDraftMs.toFixed(1)} ms with a draft loaded, ${withoutMs.toFixed(1)} without, ${times(ratio)} (${times(interval[0])} to ${times(interval[1])})`,
    ),
  ];
}

/** Adaptive's speed over that of other programs, and what it comes to. */
function peerLines({ workloads }: BenchResult, paint: Paint): string[] {
  const names = [...new Set(workloads.flatMap(({ peers }) => Object.keys(peers)))];
  if (names.length === 0) return [];
  const compared = workloads.filter(({ peers }) => Object.keys(peers).length > 0);
  const over = (workload: BenchWorkload, name: string): number => workload.peers[name]!.against;
  const rows = compared.map(({ name: workload, peers }): Cell[] => [
    { text: workload },
    ...names.map((name) => ratioCell(peers[name]!.against, peers[name]!.againstInterval)),
  ]);
  const means = names.map(
    (name): Cell => ({ text: times(geometricMean(compared.map((workload) => over(workload, name)))) }),
  );
  const best = compared.map((workload) => Math.min(...names.map((name) => over(workload, name))));
  return [
    '',
    ...aligned(
      [
        ['adaptive over', ...names].map((text): Cell => ({ text, style: 'dim' })),
        ...rows,
        [{ text: 'geometric mean' }, ...means],
      ],
      paint,
    ),
    `over the best of them on each workload, in hindsight: ${times(geometricMean(best))}`,
  ];
}

function heading({ machine, end, models, settings }: BenchResult): string[] {
  const { processor, cores, threads, outrider, llama, node } = machine;
  const drafts = models.drafts.map(({ name }) => name).join(' + ') || 'no draft model';
  const threadCounts = [threads.target, ...(threads.draft === undefined ? [] : [threads.draft])].join(' and ');
  return [
    `${models.target.name} with ${drafts}${settings.strict ? ', strict' : ''}`,
    `${processor}, ${cores} cores, threads ${threadCounts}, outrider ${outrider}, llama.cpp ${llama}, node ${node}`,
    `${settings.tokens} tokens a workload, ${settings.repetitions} repetitions in turns; times over plain decoding's, medians of the pairs`,
    ...(end === 'interrupted' ? ['interrupted: only what was whole by then'] : []),
  ];
}

function row({ name, plain, policies, oracle }: BenchWorkload, others: readonly string[]): Cell[] {
  const agreement = Object.entries(oracle?.acceptance ?? {}).find(([drafter]) => drafter !== 'lookup')?.[1];
  const headline = policies[HEADLINE];
  return [
    { text: name },
    { text: speed(plain.tokensPerSecond) },
    speedupCell(headline),
    { text: headline ? headline.interval.map((end) => end.toFixed(2)).join('-') : '' },
    { text: headline ? times(headline.cold.speedup) : '', style: 'dim' },
    { text: headline ? headline.tokensPerRound.toFixed(2) : '' },
    { text: headline?.acceptanceRate == null ? '' : percent(headline.acceptanceRate) },
    ...others.map((policy) => speedupCell(policies[policy])),
    { text: oracle?.policy === undefined ? '' : times(oracle.policy) },
    { text: oracle ? times(oracle.oracle) : '' },
    { text: oracle ? percent(oracle.share) : '' },
    { text: agreement === undefined ? '' : percent(agreement) },
  ];
}

function speedupCell(runs: PolicyRuns | undefined): Cell {
  return runs === undefined ? { text: '' } : ratioCell(runs.speedup, runs.interval);
}

/** Green where the whole interval is above 1, red where it is below. */
function ratioCell(ratio: number, [low, high]: readonly [number, number]): Cell {
  const text = times(ratio);
  if (low > 1) return { text, style: 'green' };
  return high < 1 ? { text, style: 'red' } : { text };
}

function verdict(result: BenchResult): string[] {
  const means = summarise(result).map(({ name, geometricMean }) => `${name} ${times(geometricMean)}`);
  const lines = [`geometric mean: ${means.join(', ')}`];
  const headline = summarise(result).find(({ name }) => name === HEADLINE);
  if (headline === undefined) return lines;
  const { worst } = headline;
  const below = (limit: number): string =>
    result.workloads
      .filter(({ policies }) => (policies[HEADLINE]?.interval[1] ?? limit) < limit)
      .map(({ name }) => name)
      .join(', ') || 'none';
  lines.push(
    `worst workload of ${HEADLINE}: ${worst.workload} ${times(worst.speedup)}`,
    `interval wholly below ${NEVER_SLOWER}x: ${below(NEVER_SLOWER)}; below 1x: ${below(1)}`,
  );
  return [...lines, ...shareLine(result)];
}

/** Of the oracle: what was measured, and what the policy has by itself. */
function shareLine(result: BenchResult): string[] {
  const { measured, byItself } = oracleShares(result);
  if (measured.length === 0) return [];
  const alone = byItself.length === 0 ? '' : `; the policy by itself ${percent(median(byItself))}`;
  return [`share of the oracle, median: ${percent(median(measured))}${alone}`];
}

function speed(tokensPerSecond: number): string {
  return tokensPerSecond.toFixed(tokensPerSecond < 100 ? 1 : 0);
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)}x`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
