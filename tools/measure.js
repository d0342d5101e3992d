#!/usr/bin/env node
/**
 * What Outrider itself costs, beside the passes of the models, and what --strict costs. Medians of repetitions in turns.
 * Usage: node tools/measure.js [--target FILE --draft FILE] [--repetitions N] [--tokens N] [--in-place MS] [--json]
 */
import { Session } from 'node:inspector/promises';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Engine } from '../dist/index.js';
import { openBackend } from '../dist/llama/index.js';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const { values } = parseArgs({
  options: {
    target: { type: 'string', default: path('models/main-q8_0.gguf') },
    draft: { type: 'string', default: path('models/draft-q8_0.gguf') },
    repetitions: { type: 'string', default: '7' },
    tokens: { type: 'string', default: '256' },
    'in-place': { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const SETTINGS = {
  plain: { mode: 'main' },
  'fixed 3': { draft: { min: 3, max: 3 } },
  'fixed 8': { draft: { min: 8, max: 8 } },
  adaptive: {},
};
const PROMPT = { messages: [{ role: 'user', content: 'Count from 1 to 60.' }] };

/** Milliseconds within passes of the models, thread hops included: the rest of the wall time is ours. */
let passMs = 0;

const engines = { free: await load(false), strict: await load(true) };
const runs = [];
for (let repetition = 0; repetition < Number(values.repetitions); repetition++) {
  for (const [engine, loaded] of Object.entries(engines)) {
    for (const [setting, options] of Object.entries(SETTINGS)) {
      for (const temperature of [0, 0.8])
        runs.push({ engine, setting, temperature, ...(await generate(loaded, options, temperature)) });
    }
  }
}
const rows = summarise();
const profile = await profileParts();
for (const engine of Object.values(engines)) await engine.close();

const machine = {
  processor: cpus()[0]?.model,
  cores: cpus().length,
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
};
const models = { target: basename(values.target), draft: basename(values.draft), llama: 'v0.5.0' };
if (values.json) console.log(JSON.stringify({ machine, models, rows, profile }, null, 1));
else print();

async function load(strict) {
  const backend = timed(await openBackend(values['in-place'] ? { inPlaceMs: Number(values['in-place']) } : {}));
  return Engine.load(backend, { target: values.target, drafts: [values.draft], contextSize: 1024, strict });
}

/** A backend whose contexts add up the time of their passes. */
function timed(backend) {
  const through = (object, changes) =>
    new Proxy(object, {
      get(target, key) {
        if (key in changes) return changes[key];
        const value = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const context = (inner) =>
    through(inner, {
      decode(count) {
        const began = performance.now();
        const result = inner.decode(count);
        if (typeof result === 'string') {
          passMs += performance.now() - began;
          return result;
        }
        return result.finally(() => {
          passMs += performance.now() - began;
        });
      },
    });
  const model = (inner) =>
    through(inner, { createContext: async (options) => context(await inner.createContext(options)) });
  return through(backend, { loadModel: async (...parameters) => model(await backend.loadModel(...parameters)) });
}

async function generate(engine, options, temperature) {
  const request = {
    prompt: PROMPT,
    seed: 7,
    sampling: { temperature },
    maxTokens: Number(values.tokens),
    ignoreEndOfText: true,
    ...options,
  };
  passMs = 0;
  const began = performance.now();
  for await (const event of engine.generate(request)) {
    if (event.type === 'error') throw event.error;
    if (event.type === 'finish') {
      const wallMs = performance.now() - began;
      return {
        wallMs,
        passMs,
        tokens: event.completionTokens,
        passes: event.statistics.rounds + event.statistics.drafted,
      };
    }
  }
  throw new Error('the events ended without a finish');
}

function summarise() {
  const of = (engine, setting, temperature) =>
    runs.filter((run) => run.engine === engine && run.setting === setting && run.temperature === temperature);
  const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  return Object.keys(SETTINGS).flatMap((setting) =>
    [0, 0.8].map((temperature) => {
      const free = of('free', setting, temperature);
      const plain = of('free', 'plain', temperature);
      const strict = of('strict', setting, temperature);
      return {
        setting,
        temperature,
        tokensPerSecond: median(free.map((run) => (run.tokens / run.wallMs) * 1000)),
        speedUp: median(free.map((run, i) => plain[i].wallMs / run.wallMs)),
        outsideMicrosPerToken: median(free.map((run) => ((run.wallMs - run.passMs) / run.tokens) * 1000)),
        outsideShare: median(free.map((run) => 1 - run.passMs / run.wallMs)),
        strictSlowdown: median(strict.map((run, i) => run.wallMs / free[i].wallMs)),
      };
    }),
  );
}

/** Where our own time goes, by a sampling profile over some speculative requests: shares of all time outside passes. */
async function profileParts() {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
  for (let i = 0; i < 6; i++) await generate(engines.free, SETTINGS['fixed 3'], 0.8);
  const { profile: recorded } = await session.post('Profiler.stop');
  session.disconnect();
  const frames = new Map(recorded.nodes.map((node) => [node.id, node.callFrame]));
  const parts = new Map();
  recorded.samples.forEach((id, i) => {
    const part = partOf(frames.get(id));
    if (part !== undefined) parts.set(part, (parts.get(part) ?? 0) + recorded.timeDeltas[i]);
  });
  const total = [...parts.values()].reduce((sum, time) => sum + time, 0);
  return Object.fromEntries([...parts].sort((a, b) => b[1] - a[1]).map(([part, time]) => [part, time / total]));
}

/** `undefined` for idle time and for native passes, which run inside the functions that call them. */
function partOf({ functionName, url }) {
  if (functionName === '(idle)' || functionName === '(program)' || url.endsWith('tools/measure.js')) return undefined;
  if (functionName === '(garbage collector)') return 'garbage collection';
  const folder = /dist\/(\w+)\//.exec(url)?.[1];
  if (folder === 'llama') return /context|prototype/.test(url) ? undefined : 'llama';
  return folder ?? 'node';
}

function print() {
  console.log(
    `${machine.processor}, ${machine.cores} cores, node ${machine.node}, ${machine.date}; ${models.target} + ${models.draft}`,
  );
  console.table(
    rows.map((row) => ({
      setting: row.setting,
      T: row.temperature,
      'tokens/s': Math.round(row.tokensPerSecond),
      'speed-up': row.speedUp.toFixed(2),
      'ours us/token': row.outsideMicrosPerToken.toFixed(1),
      'ours %': (row.outsideShare * 100).toFixed(1),
      'strict takes': `${row.strictSlowdown.toFixed(2)}x`,
    })),
  );
  console.log(
    `of our own time: ${Object.entries(profile)
      .map(([part, share]) => `${part} ${(share * 100).toFixed(0)} %`)
      .join(', ')}`,
  );
}
