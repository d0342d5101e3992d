// Times our sampler chain against llama.cpp's own: `npm run build && node tools/bench-sampling.js [--json] [--rounds N]`.
import { parseArgs } from 'node:util';

const built = (/** @type {string} */ path) => import(new URL(`../dist/${path}`, import.meta.url).href);
const { measureSampling } = await built('bench/sampling-cost.js');
const { openBackend } = await built('llama/backend.js');
const { resolveSampling, SamplerChain } = await built('sampling/index.js');
const { drawShared, positionNoise, sequentialRandom } = await built('speculative/index.js');

const { values } = parseArgs({ options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '200' } } });

// llama.cpp's default steps, as far as they do something, and the draw.
const TOP_P = { step: 'top_p', p: 0.95, minKeep: 0 };
const MIN_P = { step: 'min_p', p: 0.05, minKeep: 0 };
const TEMPERATURE = { step: 'temp_ext', temperature: 0.8, delta: 0, exponent: 1 };
const DRAW = { step: 'dist', seed: 1 };
const topK = (/** @type {number} */ k) => ({ step: 'top_k', k });

/** @type {readonly { label: string, options: object, steps: readonly object[] }[]} */
const CASES = [
  { label: 'greedy', options: { temperature: 0 }, steps: [{ step: 'greedy' }] },
  { label: 'defaults (top-k 40)', options: {}, steps: [topK(40), TOP_P, MIN_P, TEMPERATURE, DRAW] },
  { label: 'top-k 64', options: { topK: 64 }, steps: [topK(64), TOP_P, MIN_P, TEMPERATURE, DRAW] },
  { label: 'top-p alone', options: { topK: 0, minP: 0 }, steps: [TOP_P, TEMPERATURE, DRAW] },
  {
    label: 'top-p 0.999 alone',
    options: { topK: 0, minP: 0, topP: 0.999 },
    steps: [{ ...TOP_P, p: 0.999 }, TEMPERATURE, DRAW],
  },
  { label: 'min-p alone', options: { topK: 0, topP: 1 }, steps: [MIN_P, TEMPERATURE, DRAW] },
  { label: 'temperature alone', options: { topK: 0, topP: 1, minP: 0 }, steps: [TEMPERATURE, DRAW] },
];

const backend = await openBackend();
const costs = [152_000, 32_000].flatMap((vocabularySize) => CASES.map((each) => measure(vocabularySize, each)));
backend.close();

if (values.json) console.log(JSON.stringify(costs, undefined, 2));
else {
  const rounded = costs.map(({ label, vocabularySize, ...numbers }) => ({
    vocabulary: vocabularySize,
    sampling: label,
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value.toFixed(3))])),
  }));
  console.table(rounded);
}

/**
 * @param {number} vocabularySize
 * @param {{ label: string, options: object, steps: readonly object[] }} contest
 */
function measure(vocabularySize, { label, options, steps }) {
  const noise = positionNoise(1);
  const chain = new SamplerChain({ options: resolveSampling(options), vocabularySize, noise });
  const native = backend.nativeChain({ vocabularySize, steps });
  const cost = measureSampling(
    {
      label,
      vocabularySize,
      ours: (/** @type {Float32Array} */ row) => drawShared(chain.law(row), noise, 0),
      native: { fill: (/** @type {Float32Array} */ row) => native.fill(row), run: () => native.run() },
    },
    { random: sequentialRandom(1), rounds: Number(values.rounds), now: () => performance.now() },
  );
  native.close();
  return cost;
}
