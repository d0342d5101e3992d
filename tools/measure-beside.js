#!/usr/bin/env node
/**
 * What the target loses while the draft model writes beside it: the same answer alone, and with requests in mode `draft`
 * one behind the other at its side. Medians of repetitions in turns, threads as the engine chooses them.
 * Usage: node tools/measure-beside.js [--target FILE --draft FILE] [--repetitions N] [--tokens N] [--json]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from '../dist/bench/interval.js';
import { loadEngine } from '../dist/index.js';

const path = (name) => fileURLToPath(new URL(`../models/${name}`, import.meta.url));
const { values } = parseArgs({
  options: {
    target: { type: 'string', default: path('main-q8_0.gguf') },
    draft: { type: 'string', default: path('draft-q8_0.gguf') },
    repetitions: { type: 'string', default: '7' },
    tokens: { type: 'string', default: '256' },
    json: { type: 'boolean', default: false },
  },
});
/** Tokens of each answer of the draft model: as long as a title with some thought, or a summary. */
const SHORT = 64;

const engine = await loadEngine({ target: values.target, drafts: [values.draft], contextSize: 1024 });
const results = [];
for (const mode of ['main', 'speculative']) {
  const long = { mode, prompt: { text: 'Once upon a time' }, maxTokens: Number(values.tokens), temperature: 0.8 };
  const rows = [];
  await finishOf(long, 0);
  for (let repetition = 0; repetition < Number(values.repetitions); repetition++) {
    const alone = await finishOf(long, repetition);
    const drafting = await draftMs(repetition);
    const beside = await besideDrafts(long, repetition);
    rows.push({ lost: beside.ms / alone.ms, slowed: beside.draftMs / drafting, answers: beside.answers });
  }
  const middle = (name) => median(rows.map((row) => row[name]));
  results.push({ mode, lost: middle('lost'), slowed: middle('slowed'), answers: middle('answers') });
}
const [target, draft] = [engine.models.target.context.threads, engine.models.draft.context.threads];
await engine.close();
if (values.json) console.log(JSON.stringify(results, null, 1));
else {
  console.log(
    `threads: target ${target}, draft ${draft}; the target writes ${values.tokens} tokens, the draft model ${SHORT} at a time`,
  );
  for (const { mode, lost, slowed, answers } of results)
    console.log(
      `${mode.padEnd(12)} the target takes ${lost.toFixed(2)} times as long beside ${answers} answers of the draft model, each of which takes ${slowed.toFixed(2)} times as long`,
    );
}

/** Milliseconds of a request. */
async function finishOf({ temperature, ...request }, seed) {
  const began = performance.now();
  for await (const event of engine.generate({
    ...request,
    seed,
    sampling: { temperature },
    ignoreEndOfText: true,
    cachePrompt: false,
  }))
    if (event.type === 'error') throw event.error;
  return { ms: performance.now() - began };
}

async function draftMs(seed) {
  const short = { mode: 'draft', prompt: { text: 'The little fox' }, maxTokens: SHORT, temperature: 0.8 };
  return (await finishOf(short, seed)).ms;
}

/** The long answer, with the draft model writing one short answer after another until it is there. */
async function besideDrafts(long, seed) {
  let over = false;
  const target = finishOf(long, seed).finally(() => {
    over = true;
  });
  const times = [];
  while (!over) times.push(await draftMs(seed + times.length));
  // The last one ended when the target did not work any more.
  const whole = times.slice(0, -1);
  return { ...(await target), draftMs: median(whole.length > 0 ? whole : times), answers: times.length };
}
