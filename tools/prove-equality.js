#!/usr/bin/env node
/**
 * Shows on the held-out prompts that speculation writes what plain decoding writes, and how near the two tokens were
 * where it does not. Usage: node tools/prove-equality.js [--strict] [--parallel N] [--prompts N] [--threads N] [--json]
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareModes } from '../dist/bench/equality.js';
import { loadEngine } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    strict: { type: 'boolean', default: false },
    parallel: { type: 'string', default: '1' },
    prompts: { type: 'string', default: '240' },
    long: { type: 'string', default: '12' },
    threads: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const heldout = readFileSync(path('test/fixtures/heldout.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const count = Number(values.prompts);
// Evenly over the file, so that every category has its share.
const chosen = Array.from({ length: count }, (_, i) => heldout[Math.floor((i * heldout.length) / count)]);

const engine = await loadEngine({
  target: path('models/main-q8_0.gguf'),
  drafts: [path('models/draft-q8_0.gguf')],
  contextSize: 2048,
  parallel: Number(values.parallel),
  strict: values.strict,
  ...(values.threads && { threads: Number(values.threads) }),
});

/** The first prompts of the list once more, on beyond the end token. */
const requests = [
  ...chosen.map((prompt) => ({ ...promptOf(prompt), maxTokens: 200 })),
  ...chosen
    .slice(0, Number(values.long))
    .map((prompt) => ({ ...promptOf(prompt), maxTokens: 800, ignoreEndOfText: true })),
];
const settings = {
  greedy: { sampling: { temperature: 0 } },
  'seed 7, temperature 0.8': { seed: 7, sampling: { temperature: 0.8 } },
  'drawn seed, temperature 0.8': { sampling: { temperature: 0.8 }, verification: 'match' },
};

const report = [];
for (const [name, setting] of Object.entries(settings)) {
  const comparisons = await inParallel(
    requests.map((request) => ({ ...request, ...setting })),
    Number(values.parallel),
  );
  const parted = comparisons.filter(({ parting }) => parting);
  const sum = (of) => comparisons.reduce((total, comparison) => total + of(comparison), 0);
  report.push({
    setting: name,
    texts: comparisons.length,
    equal: comparisons.length - parted.length,
    tokens: sum(({ tokens }) => tokens),
    longest: Math.max(...comparisons.map(({ tokens }) => tokens)),
    acceptanceRate:
      sum((c) => c.speculative.statistics.accepted) /
      sum((c) => c.speculative.statistics.accepted + c.speculative.statistics.rejected),
    partings: parted.map(({ parting }) => parting),
  });
}
const other = await compareTexts();
await engine.close();

if (values.json)
  console.log(
    JSON.stringify({ strict: values.strict, parallel: Number(values.parallel), report, otherSeed: other }, null, 1),
  );
else {
  for (const { setting, texts, equal, tokens, longest, acceptanceRate, partings } of report) {
    console.log(
      `${setting}: ${equal} of ${texts} texts equal (${tokens} tokens, longest ${longest}, acceptance ${acceptanceRate.toFixed(3)})`,
    );
    for (const { after, margin, relativeMargin } of partings) {
      console.log(
        `  parted after ${after} tokens, margin ${margin?.toFixed(5)} (${relativeMargin?.toFixed(5)} of the logits' deviation)`,
      );
    }
  }
  console.log(`another seed: ${other.different} of ${other.texts} texts differ`);
}

function promptOf({ messages, prompt }) {
  // Drafts by the simple rule: the adaptive length may rightly draft nothing, which would prove nothing.
  return { prompt: messages ? { messages } : { text: prompt }, draft: { max: 8, minConfidence: 0.3 } };
}

async function inParallel(list, lanes) {
  const results = [];
  let next = 0;
  let done = 0;
  const lane = async () => {
    while (next < list.length) {
      const i = next++;
      results[i] = await compareModes(engine, list[i]);
      done++;
      if (process.stderr.isTTY) process.stderr.write(`\r${done}/${list.length} `);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (process.stderr.isTTY) process.stderr.write('\r          \r');
  return results;
}

/** The same prompts with seeds 7 and 8: texts with room for choice have to differ. */
async function compareTexts() {
  const prompts = chosen.filter(({ category }) => ['story', 'prose', 'invent'].includes(category)).slice(0, 20);
  let different = 0;
  for (const prompt of prompts) {
    const texts = [];
    for (const seed of [7, 8]) {
      for await (const event of engine.generate({ ...promptOf(prompt), maxTokens: 100, seed })) {
        if (event.type === 'finish') texts.push(event.text);
      }
    }
    if (texts[0] !== texts[1]) different++;
  }
  return { texts: prompts.length, different };
}
