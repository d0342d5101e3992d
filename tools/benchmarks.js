#!/usr/bin/env node
/**
 * Results of `outrider bench --json` as Markdown, for docs/benchmarks.md.
 * Usage: node tools/benchmarks.js RESULT.json ... > tables.md
 */
import { readFileSync } from 'node:fs';
import { geometricMean } from '../dist/bench/interval.js';
import { intervalName, percent, span, times } from '../dist/bench/report/figures.js';
import { HEADLINE, oracleShares, policyNames } from '../dist/bench/report/policies.js';

for (const path of process.argv.slice(2)) print(JSON.parse(readFileSync(path, 'utf8')));

function print(result) {
  const { machine, date, end, models, settings } = result;
  const names = models.drafts.map(({ name }) => name).join(', ');
  console.log(`### ${models.target.name} with ${names || 'no draft'}\n`);
  console.log(
    `${machine.processor}, ${machine.cores} cores, threads ${machine.threads.target} and ${machine.threads.draft ?? 0}, ` +
      `node ${machine.node}, llama.cpp ${machine.llama}, ${date.slice(0, 10)}; ${settings.tokens} tokens a workload, ` +
      `${settings.repetitions} repetitions in turns after a cold pass${end === 'interrupted' ? ', interrupted' : ''}.\n`,
  );
  printWorkloads(result);
  printPeers(result);
  printCosts(result);
  if (result.guards !== undefined) printGuards(result.guards);
}

function printWorkloads(result) {
  const { workloads, settings } = result;
  const others = policyNames(result).filter((name) => name !== HEADLINE);
  const head = [
    'workload',
    'plain t/s',
    HEADLINE,
    intervalName(settings.repetitions),
    'cold',
    'tokens a pass',
    'accepted',
    ...others,
    'policy',
    'oracle',
    'share',
  ];
  const rows = workloads.map(({ name, plain, policies, oracle }) => {
    const { speedup, interval, cold, tokensPerRound, acceptanceRate } = policies[HEADLINE];
    return [
      name,
      plain.tokensPerSecond.toFixed(plain.tokensPerSecond < 10 ? 2 : 0),
      times(speedup),
      span(interval),
      times(cold.speedup),
      tokensPerRound.toFixed(2),
      percent(acceptanceRate),
      ...others.map((policy) => times(policies[policy]?.speedup)),
      times(oracle?.policy),
      times(oracle?.oracle),
      percent(oracle?.share),
    ];
  });
  table(head, rows);
  const all = workloads.map(({ policies }) => policies[HEADLINE].speedup);
  const { measured, byItself } = oracleShares(result);
  const alone = byItself.length === 0 ? '' : `, the policy's by itself ${percent(geometricMean(byItself))}`;
  console.log(
    `Geometric mean ${times(geometricMean(all))}, worst ${times(Math.min(...all))}; share of the oracle ` +
      `${percent(geometricMean(measured))}${alone} in the geometric mean.\n`,
  );
}

function printPeers({ workloads }) {
  const compared = workloads.filter(({ peers }) => Object.keys(peers).length > 0);
  const names = [...new Set(compared.flatMap(({ peers }) => Object.keys(peers)))];
  if (names.length === 0) return;
  console.log('Speed of adaptive over that of other programs, by wall time a token:\n');
  const cell = ({ against, againstInterval }) => `${times(against)} (${span(againstInterval)})`;
  const rows = compared.map(({ name, peers }) => {
    const best = names.reduce((a, b) => (peers[b].against < peers[a].against ? b : a));
    return [name, ...names.map((peer) => cell(peers[peer])), `${times(peers[best].against)} over ${best}`];
  });
  table(['workload', ...names, 'over the best, in hindsight'], rows);
  const means = names.map(
    (peer) => `${peer} ${times(geometricMean(compared.map(({ peers }) => peers[peer].against)))}`,
  );
  const best = compared.map(({ peers }) => Math.min(...Object.values(peers).map(({ against }) => against)));
  console.log(`Geometric means: ${means.join(', ')}; over the best in hindsight ${times(geometricMean(best))}.\n`);
}

function printCosts({ costs }) {
  const curve = (points) => points.map(({ rows, ms }) => `${rows}: ${(ms / points[0].ms).toFixed(2)}`).join(', ');
  console.log(`T(1) ${costs.target[0].ms.toFixed(2)} ms; T(n)/T(1) ${curve(costs.target)}.`);
  for (const [name, points] of Object.entries(costs.drafts)) {
    console.log(
      `A forward of ${name} ${(points[0].ms / costs.target[0].ms).toFixed(3)} of T(1); by rows ${curve(points)}.`,
    );
  }
  console.log('');
}

function printGuards({ off, firstToken }) {
  console.log(
    `With a hopeless draft ${off.tokens} tokens took ${off.forwards} draft forwards and ${off.probes} probes, ` +
      `${((100 * off.draftMs) / off.elapsedMs).toFixed(1)} % of the time, from a cold start.`,
  );
  for (const { promptTokens, ratio, interval } of firstToken) {
    console.log(
      `First token behind ${promptTokens} tokens: ${times(ratio)} of an engine without a draft (${span(interval)}).`,
    );
  }
  console.log('');
}

function table(head, rows) {
  const line = (cells) => console.log(`| ${cells.join(' | ')} |`);
  line(head);
  line(head.map(() => '---'));
  for (const row of rows) line(row);
  console.log('');
}
