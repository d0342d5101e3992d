#!/usr/bin/env node
// @ts-check
/**
 * What the adaptive length makes of the bench's workloads on a clock that only measured costs move: no noise, so it shows
 * what the policy itself loses to the oracle. Writes each text once, traces what the draft would say everywhere, and replays.
 * Usage: node tools/replay.js [-m TARGET] [-md DRAFT] [--costs RESULT.json] [-n TOKENS] [--passes N] [--noise SIGMA]
 *   [--rounds WORKLOAD] [--json FILE]
 * --costs takes the T(n) of a result of `outrider bench --json`, else what loading measured. --noise makes each pass take
 * e^(SIGMA z) of its price, z normal. --rounds shows what was drafted and accepted, `.` where nothing was, {draft in T(1)}.
 * The last line says what processor time loop, cascade and drafters take a round, the beginnings of texts included; over
 * --passes 30 the code gets compiled.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { traceCosts } from '../dist/bench/costs.js';
import { geometricMean } from '../dist/bench/interval.js';
import { openSequence, samplingOf, sharedDrawing } from '../dist/bench/model-drafter.js';
import { oracleOf } from '../dist/bench/oracle.js';
import { ADAPTIVE, PLAIN } from '../dist/bench/policies.js';
import { replay } from '../dist/bench/replay.js';
import { LONGEST, traceOf } from '../dist/bench/trace.js';
import { requestsOf, runWorkload } from '../dist/bench/workload-run.js';
import { WORKLOADS } from '../dist/bench/workloads.js';
import { kindOf } from '../dist/engine/drafting.js';
import { Engine } from '../dist/index.js';
import { openBackend } from '../dist/llama/index.js';
import { CostCurve, Knowledge, sequentialRandom } from '../dist/speculative/index.js';

const model = (/** @type {string} */ name) => fileURLToPath(new URL(`../models/${name}`, import.meta.url));
const { values } = parseArgs({
  args: process.argv.slice(2).map((argument) => (argument === '-md' ? '--model-draft' : argument)),
  options: {
    model: { type: 'string', short: 'm', default: model('main-q8_0.gguf') },
    'model-draft': { type: 'string', default: model('draft-q8_0.gguf') },
    costs: { type: 'string' },
    tokens: { type: 'string', short: 'n', default: '256' },
    passes: { type: 'string', default: '3' },
    noise: { type: 'string', default: '0' },
    rounds: { type: 'string' },
    json: { type: 'string' },
  },
});
const SEED = 7;

const backend = await openBackend({ env: process.env });
const engine = await Engine.load(backend, {
  target: values.model,
  drafts: [values['model-draft']],
  contextSize: 1024,
});
/** @type {Awaited<ReturnType<typeof traceWorkload>>[]} */
const traced = [];
for (const workload of WORKLOADS.filter(({ draft }) => draft === 'own')) traced.push(await traceWorkload(workload));
const { target, draft } = curves();
await engine.close();

const knowledge = new Knowledge({ costs: target.toJSON() });
knowledge.learnDraftCosts(draft.name, new CostCurve(draft.costs.toJSON()));
const noise = noiseOf(Number(values.noise));
/** @type {Map<string, number[]>} */
const speedups = new Map(traced.map(({ name }) => [name, []]));
/** Microseconds of processor time a round, by pass. @type {number[]} */
const ours = [];
for (let pass = 1; pass <= Number(values.passes); pass++) {
  const began = process.cpuUsage();
  let rounds = 0;
  for (const workload of traced) rounds += await replayWorkload(workload, pass === Number(values.passes));
  const { user, system } = process.cpuUsage(began);
  ours.push((user + system) / rounds);
}
report();

/** @param {import('../dist/bench/workloads.js').Workload} workload */
async function traceWorkload(workload) {
  const tokens = Number(values.tokens);
  const now = () => performance.now();
  const { texts } = await runWorkload({ engine, workload, policy: PLAIN, tokens, seed: SEED, now });
  const requests = requestsOf({ workload, policy: ADAPTIVE, tokens, seed: SEED });
  const [drafter] = /** @type {[import('../dist/engine/index.js').LoadedDraft]} */ (engine.models.drafts);
  const done = [];
  for (const [i, text] of texts.entries()) {
    const request = /** @type {import('../dist/engine/index.js').GenerationRequest} */ (requests[i]);
    const sequence = openSequence(engine, drafter);
    const drawing = sharedDrawing(engine, request, SEED);
    const tracing = { name: drafter.name, sequence, drawing, length: LONGEST, isNoise: () => false, signal: undefined };
    const { drafts } = await traceOf(text, [tracing]);
    sequence.close();
    done.push({ ...text, traced: drafts, drafts: drafts.map(([, own]) => own) });
  }
  const [request] = /** @type {[import('../dist/engine/index.js').GenerationRequest]} */ (requests);
  const kind = kindOf({ sampling: samplingOf(engine, request), leniency: 0 });
  return { name: workload.name, kind, texts: done };
}

/** The target's passes and the draft model's, measured now or in a run of the bench. */
function curves() {
  const { drafts, learnt } = engine.models;
  const name = /** @type {string} */ (drafts[0]?.name);
  if (values.costs === undefined) {
    const known = /** @type {CostCurve} */ (learnt.knowledge.draftCostsOf(name));
    return { target: new CostCurve(learnt.knowledge.costs.toJSON()), draft: { name, costs: known } };
  }
  const { costs } = JSON.parse(readFileSync(values.costs, 'utf8'));
  const [points] = /** @type {[import('../dist/speculative/index.js').CostPoint[]]} */ (Object.values(costs.drafts));
  return { target: new CostCurve({ points: costs.target }), draft: { name, costs: new CostCurve({ points }) } };
}

/** @param {Awaited<ReturnType<typeof traceWorkload>>} workload @param {boolean} last */
async function replayWorkload({ name, kind, texts }, last) {
  let [ms, plainMs, rounds] = [0, 0, 0];
  for (const text of texts) {
    /** @type {string[]} */
    const shown = [];
    const isShown = last && name === values.rounds;
    const show = (/** @type {import('../dist/speculative/index.js').Round} */ round) => shown.push(symbolOf(round));
    const onRound = isShown ? show : undefined;
    const replayed = await replay(text, { knowledge, target, draft, kind, max: LONGEST, noise, onRound });
    ms += replayed.ms;
    plainMs += replayed.plainMs;
    rounds += replayed.rounds;
    if (isShown) console.log(`${shown.join('')}\n`);
  }
  speedups.get(name)?.push(plainMs / ms);
  return rounds;
}

/** @param {import('../dist/speculative/index.js').Round} round */
function symbolOf({ draft: { tokens, sources }, accepted, dropped, draftMs }) {
  const price = draftMs > 0 ? `{${(draftMs / target.at(1, 0)).toFixed(2)}}` : '';
  if (tokens.length === 0) return `.${price}`;
  const by = sources?.[0] === 'lookup' ? 'lookup ' : '';
  return `[${by}${accepted}/${tokens.length}${dropped > 0 ? ` -${dropped}` : ''}]${price}`;
}

/** @param {number} sigma */
function noiseOf(sigma) {
  const random = sequentialRandom(SEED);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return () => Math.exp(sigma * normal());
}

function report() {
  const costs = traceCosts({ target, drafts: new Map([[draft.name, draft.costs]]) });
  const rows = traced.map(({ name, texts }) => {
    const traces = texts.map(({ prompt, traced: drafts }) => ({ promptTokens: prompt.length, drafts }));
    const { oracle, clairvoyant } = oracleOf({ traces, costs, promptMs: 0, speedup: 1 });
    const [cold, ...warm] = /** @type {[number, ...number[]]} */ (speedups.get(name));
    const adaptive = warm.length > 0 ? geometricMean(warm) : cold;
    return { workload: name, cold, adaptive, oracle, clairvoyant, share: adaptive / oracle };
  });
  const mean = (/** @type {'adaptive' | 'oracle' | 'share'} */ key) => geometricMean(rows.map((row) => row[key]));
  console.table(
    rows.map(({ workload, ...figures }) => ({
      workload,
      ...Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, Number(value.toFixed(2))])),
    })),
  );
  console.log(
    `Geometric means: adaptive ${mean('adaptive').toFixed(2)}x, oracle ${mean('oracle').toFixed(2)}x, ` +
      `share ${(100 * mean('share')).toFixed(0)} %; worst ${Math.min(...rows.map(({ adaptive }) => adaptive)).toFixed(2)}x`,
  );
  const [quickest] = [...ours].sort((a, b) => a - b);
  console.log(
    `Of our own: ${quickest?.toFixed(1)} us a round in the quickest pass, ${ours[0]?.toFixed(1)} in the first.`,
  );
  if (values.json !== undefined)
    writeFileSync(values.json, JSON.stringify({ rows, costs: { target, draft } }, null, 1));
}
