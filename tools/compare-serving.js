#!/usr/bin/env node
// @ts-check
/**
 * Outrider's server beside llama.cpp's, on the same files and the same shared libraries: tokens a second and the time to
 * the first token, greedy, several requests at once, with prompts of 50 and 1,000 tokens. llama-server runs with and without its draft,
 * with and without a unified cache, with the better of some thread counts, without prompt cache, each slot with the
 * whole context. All take turns in every repetition; whoever has none is stopped (SIGSTOP). A llama-server that had less than
 * half of the speed of the fastest in the first repetition of a cell is left out of its others: it is not the better one.
 * --json FILE is written after every cell, so that a run that is ended early leaves what it has.
 * Usage: node tools/compare-serving.js --peer LLAMA-SERVER [-m TARGET -md DRAFT] [--concurrency 1,4,8,16]
 *   [--prompt-tokens 50,1000] [-n TOKENS] [-c CONTEXT] [--repetitions N] [--minutes N] [--threads 1,2] [--own-threads N] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { geometricMean, median } from '../dist/bench/interval.js';
import { inspectLibraries } from '../dist/llama/index.js';
import { groupsOf, ofLength, tokenWorkloads } from './serving-prompts.js';
import { load, startLlamaServer, startOutrider } from './serving-rivals.js';

/** @typedef {import('./serving-rivals.js').Rival} Rival */
/** @typedef {import('./serving-rivals.js').Load} Load */
/** @typedef {Load & { concurrency: number, promptTokens: number, group: string, rival: string, repetition: number }} Run */

const model = (/** @type {string} */ name) => fileURLToPath(new URL(`../models/${name}`, import.meta.url));
// `-md` is one flag to whoever types it, and two to parseArgs.
const { values } = parseArgs({
  args: process.argv.slice(2).map((argument) => (argument === '-md' ? '--model-draft' : argument)),
  options: {
    peer: { type: 'string' },
    model: { type: 'string', short: 'm', default: model('main-q8_0.gguf') },
    'model-draft': { type: 'string', default: model('draft-q8_0.gguf') },
    concurrency: { type: 'string', default: '1,4,8,16' },
    'prompt-tokens': { type: 'string', default: '50,1000' },
    tokens: { type: 'string', short: 'n', default: '128' },
    'ctx-size': { type: 'string', short: 'c', default: '1536' },
    repetitions: { type: 'string', default: '7' },
    minutes: { type: 'string', default: '60' },
    threads: { type: 'string' },
    'own-threads': { type: 'string' },
    json: { type: 'string' },
  },
});
if (values.peer === undefined) throw new Error('--peer: expected the path of a llama-server');
const program = values.peer;
const numbers = (/** @type {string} */ list) => list.split(',').map(Number);
const cores = availableParallelism();
const threadCounts =
  values.threads === undefined ? [...new Set([1, Math.ceil(cores / 2), cores])] : numbers(values.threads);
const ownThreads = values['own-threads'] === undefined ? undefined : Number(values['own-threads']);
const tokens = Number(values.tokens);
const repetitions = Number(values.repetitions);
const promptLengths = numbers(values['prompt-tokens']);
const concurrencies = numbers(values.concurrency);
const minutesOfEach = Number(values.minutes) / (concurrencies.length * promptLengths.length);

/** Tokens of the answers by which thread counts are chosen. */
const TRIAL_TOKENS = 32;
/** Requests that come before what is counted. */
const WARM_REQUESTS = 4;
/** Of the fastest rival's speed: who has less is measured in one repetition only. */
const HOPELESS = 0.5;

const { location, problem } = await inspectLibraries();
if (location === undefined) throw problem ?? new Error('llama.cpp is not there');
const { directory: libraries } = location;
/** @type {Run[]} */
const runs = [];
/** @type {{ concurrency: number, rival: string, threads: number | undefined }[]} */
const chosen = [];
const machine = {
  processor: cpus()[0]?.model,
  cores,
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
};
const models = { target: basename(values.model), draft: basename(values['model-draft']) };
for (const concurrency of concurrencies) await compareAt(concurrency);
note('');
report();

/** @param {number} concurrency */
async function compareAt(concurrency) {
  const serving = {
    target: values.model,
    draft: values['model-draft'],
    contextSize: Number(values['ctx-size']),
    slots: concurrency,
  };
  /** @type {Rival[]} */
  const rivals = [await startOutrider(serving, ownThreads)];
  try {
    const [ours] = /** @type {[Rival]} */ (rivals);
    ours.resume();
    const workloads = await tokenWorkloads(ours.url);
    ours.pause();
    const trial = /** @type {{ prompts: (readonly number[])[] }} */ (groupsOf(ofLength(workloads, 50), concurrency)[0]);
    for (const setting of /** @type {const} */ (['plain', 'default'])) {
      const start = (/** @type {number} */ threads, /** @type {boolean} */ unified) =>
        startLlamaServer(serving, { program, libraries, setting, unified, threads });
      const best = await fastest(start, trial.prompts);
      rivals.push(best, await start(/** @type {number} */ (best.threads), true));
    }
    chosen.push(...rivals.map(({ name, threads }) => ({ concurrency, rival: name, threads })));
    for (const promptTokens of promptLengths) {
      await inTurns(rivals, concurrency, promptTokens, groupsOf(ofLength(workloads, promptTokens), concurrency));
      save();
    }
  } finally {
    for (const rival of rivals) await rival.close();
  }
}

/**
 * The one with the best thread count; the others are closed.
 * @param {(threads: number, unified: boolean) => Promise<Rival>} start
 * @param {readonly (readonly number[])[]} prompts
 */
async function fastest(start, prompts) {
  /** @type {{ rival: Rival, speed: number } | undefined} */
  let best;
  for (const threads of threadCounts) {
    const rival = await start(threads, false);
    // The first load pays for what is not in memory yet.
    await load(rival, prompts, TRIAL_TOKENS);
    const { tokensPerSecond: speed, drafted } = await load(rival, prompts, TRIAL_TOKENS);
    if (rival.name.includes('drafting') && drafted === 0)
      throw new Error(`${program} drafts nothing with ${threads} threads`);
    if (best !== undefined) await (speed > best.speed ? best.rival : rival).close();
    if (best === undefined || speed > best.speed) best = { rival, speed };
  }
  return /** @type {{ rival: Rival }} */ (best).rival;
}

/**
 * Repetitions of all groups, rivals in turns, as many as fit into the time, one at least. What comes first is not counted.
 * @param {readonly Rival[]} rivals
 * @param {number} concurrency
 * @param {number} promptTokens
 * @param {ReturnType<typeof groupsOf>} groups
 */
async function inTurns(rivals, concurrency, promptTokens, groups) {
  const warm = groups.flatMap(({ prompts }) => prompts).slice(0, Math.min(concurrency, WARM_REQUESTS));
  for (const rival of rivals) await load(rival, warm, Math.min(tokens, TRIAL_TOKENS));
  let racing = rivals;
  const deadline = performance.now() + minutesOfEach * 60_000;
  for (let repetition = 0; repetition < repetitions; repetition++) {
    if (repetition > 0 && performance.now() > deadline) return;
    for (const { name: group, prompts } of groups) {
      // Nobody always comes behind the same neighbour.
      const turns = racing.map((_, i) => /** @type {Rival} */ (racing[(i + repetition) % racing.length]));
      for (const rival of turns) {
        const measured = await load(rival, prompts, tokens);
        runs.push({ concurrency, promptTokens, group, rival: rival.name, repetition, ...measured });
      }
    }
    note(`${concurrency} at once, prompts of ${promptTokens}: ${repetition + 1} of ${repetitions}`);
    if (repetition === 0) racing = contenders(rivals, runs.filter(inCell(concurrency, promptTokens)));
  }
}

/** @param {number} concurrency @param {number} promptTokens @returns {(run: Run) => boolean} */
function inCell(concurrency, promptTokens) {
  return (run) => run.concurrency === concurrency && run.promptTokens === promptTokens;
}

/** @param {readonly Rival[]} rivals @param {readonly Run[]} first all runs of the first repetition */
function contenders(rivals, first) {
  const speedOf = (/** @type {Rival} */ { name }) =>
    geometricMean(first.filter(({ rival }) => rival === name).map(({ tokensPerSecond }) => tokensPerSecond));
  const fastest = Math.max(...rivals.map(speedOf));
  return rivals.filter((rival) => rival.name === 'outrider' || speedOf(rival) >= HOPELESS * fastest);
}

/** @param {readonly number[]} values median and range */
function spread(values) {
  return { median: median(values), range: [Math.min(...values), Math.max(...values)] };
}

/**
 * Each rival over all groups of each repetition, and Outrider against it in the same repetition.
 * @param {number} concurrency
 * @param {number} promptTokens
 */
function summarise(concurrency, promptTokens) {
  const cell = runs.filter(inCell(concurrency, promptTokens));
  const repeated = new Set(cell.map(({ repetition }) => repetition)).size;
  /** By repetition, as many as it was in. @param {string} rival @param {(run: Run) => number} value */
  const over = (rival, value) => {
    const own = cell.filter((run) => run.rival === rival);
    return [...new Set(own.map(({ repetition }) => repetition))].map((repetition) =>
      geometricMean(own.filter((run) => run.repetition === repetition).map(value)),
    );
  };
  const speedOf = (/** @type {string} */ rival) => over(rival, (run) => run.tokensPerSecond);
  const firstOf = (/** @type {string} */ rival) => over(rival, (run) => median(run.firstTokenMs));
  const ratios = (/** @type {readonly number[]} */ some, /** @type {readonly number[]} */ others) =>
    spread(others.map((value, i) => /** @type {number} */ (some[i]) / value));
  const rivals = [...new Set(cell.map(({ rival }) => rival))].map((rival) => ({
    rival,
    tokensPerSecond: spread(speedOf(rival)),
    firstTokenMs: spread(firstOf(rival)),
    speedOfOutrider: ratios(speedOf('outrider'), speedOf(rival)),
    firstTokenOfOutrider: ratios(firstOf('outrider'), firstOf(rival)),
    drafted: cell.filter((run) => run.rival === rival).reduce((sum, { drafted }) => sum + drafted, 0),
  }));
  const best = rivals
    .filter(({ rival }) => rival !== 'outrider')
    .reduce((one, other) => (other.tokensPerSecond.median > one.tokensPerSecond.median ? other : one));
  return { concurrency, promptTokens, repetitions: repeated, best: best.rival, rivals };
}

/** @param {string} text */
function note(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Of the cells that were measured. */
function summary() {
  return concurrencies.flatMap((concurrency) =>
    promptLengths
      .filter((promptTokens) => runs.some(inCell(concurrency, promptTokens)))
      .map((promptTokens) => summarise(concurrency, promptTokens)),
  );
}

function save() {
  if (values.json === undefined) return;
  const settings = { tokens, repetitions, contextSize: Number(values['ctx-size']), promptLengths, concurrencies };
  const result = { machine, models, settings, chosen, summary: summary(), runs };
  writeFileSync(values.json, `${JSON.stringify(result, null, 1)}\n`);
}

function report() {
  console.log(
    `${machine.processor}, ${cores} cores, node ${machine.node}, ${machine.date}; ${models.target} + ${models.draft}`,
  );
  const shown = (/** @type {ReturnType<typeof spread>} */ { median: middle, range: [from, to] }, digits = 2) =>
    `${middle.toFixed(digits)} (${from?.toFixed(digits)} to ${to?.toFixed(digits)})`;
  console.table(
    summary().flatMap(({ concurrency, promptTokens, best, rivals }) =>
      rivals.map((row) => ({
        'at once': concurrency,
        prompt: promptTokens,
        server: row.rival + (row.rival === best ? ' *' : ''),
        threads: chosen.find((one) => one.concurrency === concurrency && one.rival === row.rival)?.threads ?? 'own',
        'tokens/s': shown(row.tokensPerSecond, 1),
        'outrider is': row.rival === 'outrider' ? '' : `${shown(row.speedOfOutrider)} x`,
        'first token ms': shown(row.firstTokenMs, 0),
        'outrider takes': row.rival === 'outrider' ? '' : `${shown(row.firstTokenOfOutrider)} x`,
      })),
    ),
  );
  console.log(
    'Medians and ranges of repetitions, each the geometric mean over its workloads. *: the faster llama-server.',
  );
}
