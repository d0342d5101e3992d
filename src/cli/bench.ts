/** `outrider bench`: what speculation gains here, on many kinds of text, against plain decoding. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchSubject, benchResult, subjectOf } from '../bench/bench-result.js';
import { runGuards } from '../bench/guards.js';
import { makeModel } from '../bench/make-model.js';
import { openPeers, type Peer } from '../bench/peers/index.js';
import { ADAPTIVE } from '../bench/policies.js';
import { renderHtml } from '../bench/report-html.js';
import type { BenchResult, GuardsResult } from '../bench/result.js';
import { type BenchPlan, type BenchStep, runBench } from '../bench/runner.js';
import { untilAborted } from '../bench/until-aborted.js';
import { nameOf } from '../bench/workload-runs.js';
import { WORKLOADS } from '../bench/workloads.js';
import { Engine } from '../engine/index.js';
import { OutriderError } from '../errors.js';
import { type BenchFlags, planFrom } from './bench-flags.js';
import { benchTable } from './bench-table.js';
import { INTERRUPTED } from './interruptible.js';
import { engineOptionsFrom } from './model-flags.js';
import { ProgressLine } from './progress.js';
import type { Outputs } from './run.js';
import type { Surroundings } from './surroundings.js';
import { painter, visible, wantsColour } from './terminal.js';

/** A text that every draft model knows, to try other programs with. */
const TRIAL = WORKLOADS[0]!.prompts[0]!;
/** A text that goes on, for prompts of any length. */
const GUARDS = {
  tokens: 1000,
  prompts: [50, 1000],
  repetitions: 9,
  text: 'Once upon a time there was a river that ran past a mill, and in the mill there lived an old man with his cat. ',
};
/** Noise on every weight, in units of its deviation: nothing is left of what the model knew. */
const HOPELESS = 2;

/** What the parts of a bench share. */
interface Bench {
  readonly flags: BenchFlags;
  readonly outputs: Outputs;
  readonly surroundings: Surroundings;
  readonly progress: ProgressLine;
  /** For files that are needed while it runs. */
  readonly folder: string;
  /** Aborted by SIGTERM or Ctrl-C. */
  readonly signal: AbortSignal;
}

/**
 * Runs the command; resolves to its exit code.
 * @throws OutriderError
 */
export async function bench(flags: BenchFlags, outputs: Outputs, surroundings: Surroundings): Promise<number> {
  // A page that cannot be written is told before minutes of work.
  if (flags.html !== undefined) await writePage(flags.html, '');
  const interrupt = new AbortController();
  // Other programs are ended and what was measured is shown before this one ends. A second signal ends it at once.
  const stopListening = surroundings.onTerminate(() => {
    stopListening();
    interrupt.abort();
  });
  const progress = new ProgressLine(surroundings.stderr);
  const folder = await mkdtemp(join(tmpdir(), 'outrider-bench-'));
  try {
    const { signal } = interrupt;
    const result = await untilAborted(signal, () =>
      measure({ flags, outputs, surroundings, progress, folder, signal }),
    );
    progress.clear();
    if (result !== undefined) await show(result, flags, outputs, surroundings);
  } finally {
    progress.clear();
    stopListening();
    await rm(folder, { recursive: true, force: true });
  }
  return interrupt.signal.aborted ? INTERRUPTED : 0;
}

async function writePage(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((error: NodeJS.ErrnoException) => {
    throw new OutriderError('invalid_argument', `--html: cannot write ${path} (${error.code})`, { path });
  });
}

async function show(
  result: BenchResult,
  { json, html }: BenchFlags,
  { out }: Outputs,
  { stdout, env }: Surroundings,
): Promise<void> {
  if (html !== undefined) await writePage(html, renderHtml(result));
  const text = json ? JSON.stringify(result) : benchTable(result, painter(wantsColour(stdout, env))).join('\n');
  await out.write(`${text}\n`);
}

async function measure(bench: Bench): Promise<BenchResult> {
  const { flags, surroundings, progress, signal } = bench;
  const { openBackend, env, version, now, clock } = surroundings;
  const options = engineOptionsFrom(flags);
  const { plan, hopeless } = await possible(planFrom(flags), options.drafts ?? [], bench);
  let subject: BenchSubject | undefined;
  const openEngine = async (kind: 'own' | 'hopeless' | 'none'): Promise<Engine> => {
    const backend = await openBackend({ env });
    const { info } = backend;
    const drafts = { own: {}, hopeless: { drafts: hopeless === undefined ? [] : [hopeless] }, none: { drafts: [] } }[
      kind
    ];
    const engine = await Engine.load(backend, { ...options, ...drafts, onProgress: progress.onLoad, signal });
    if (kind === 'own') for (const text of engine.models.notes) await note(bench, text);
    subject ??= subjectOf(engine, info, version);
    return engine;
  };
  const began = now();
  const onStep = (step: BenchStep): void => progress.show(progressText(step, now() - began));
  const findings = await runBench(plan, {
    openEngine,
    openPeers: (engine) => peersOf(engine, subject!, bench),
    now,
    onStep,
    signal,
  });
  const result = benchResult(subject!, plan, findings, new Date(clock()));
  if (!flags.guards || hopeless === undefined || signal.aborted) return result;
  const guards = await untilAborted(signal, () => guardsOf(openEngine, bench));
  return guards === undefined || signal.aborted ? { ...result, end: 'interrupted' } : { ...result, guards };
}

/** What speculation costs where it is no use, on engines of its own, so that each begins cold. */
async function guardsOf(
  openEngine: (kind: 'own' | 'hopeless' | 'none') => Promise<Engine>,
  { surroundings: { now }, progress, signal }: Bench,
): Promise<GuardsResult> {
  const engines: Engine[] = [];
  const open = async (kind: 'own' | 'hopeless' | 'none'): Promise<Engine> => {
    const engine = await openEngine(kind);
    engines.push(engine);
    return engine;
  };
  try {
    const all = { hopeless: await open('hopeless'), own: await open('own'), without: await open('none') };
    progress.show('what speculation costs where it is no use');
    return await runGuards({ ...GUARDS, now, signal }, all);
  } finally {
    for (const engine of engines) await engine.close();
  }
}

/** As much of the plan as these drafts allow; what is left out is said. */
async function possible(
  plan: BenchPlan,
  drafts: readonly string[],
  bench: Bench,
): Promise<{ readonly plan: BenchPlan; readonly hopeless: string | undefined }> {
  const [first] = drafts;
  if (first === undefined) {
    await note(bench, 'no draft model was given (--model-draft): nothing but lookup drafts');
    const workloads = plan.workloads.filter(({ draft }) => draft === 'own');
    return { plan: { ...plan, workloads, policies: [ADAPTIVE] }, hopeless: undefined };
  }
  const needed = bench.flags.guards || plan.workloads.some(({ draft }) => draft === 'hopeless');
  if (!needed) return { plan, hopeless: undefined };
  try {
    return { plan, hopeless: bench.flags.hopelessDraft ?? (await hopelessDraft(first, bench)) };
  } catch (error) {
    if (!(error instanceof OutriderError && error.code === 'model_invalid')) throw error;
    await note(bench, `without the workload hopeless, since no hopeless draft could be made: ${error.message}`);
    const workloads = plan.workloads.filter(({ draft }) => draft !== 'hopeless');
    return { plan: { ...plan, workloads }, hopeless: undefined };
  }
}

/** The other programs, on the shared libraries that the engine itself runs on. */
async function peersOf(engine: Engine, { machine, libraries }: BenchSubject, bench: Bench): Promise<readonly Peer[]> {
  const { models } = engine;
  const { against, againstGrid, threads } = bench.flags;
  if (against === undefined) return [];
  bench.progress.show('starting other programs');
  const { env, now } = bench.surroundings;
  const tried = threads === undefined ? [1, 2, machine.threads.target] : [threads];
  const peers = await openPeers(against, {
    target: models.target.model.path,
    draft: models.draft?.model.path,
    contextSize: models.contextSize,
    libraries,
    grid: againstGrid ? 'all' : 'defaults',
    threads: [...new Set(tried)].filter((count) => count <= machine.cores),
    trial: engine.tokenize(TRIAL).tokens,
    env,
    now,
  });
  for (const [name, system] of [['outrider', machine.system], ...peers.map((peer) => [nameOf(peer), peer.system])]) {
    await note(bench, `${name} runs on ${system}`);
  }
  return peers;
}

async function note({ outputs: { err }, progress }: Bench, text: string): Promise<void> {
  progress.clear();
  await err.write(`note: ${visible(text)}\n`);
}

/** A model of the draft's shape, and so of about its cost, that knows nothing. */
async function hopelessDraft(source: string, { surroundings, progress, folder }: Bench): Promise<string> {
  progress.show('making a hopeless draft');
  const out = join(folder, 'hopeless.gguf');
  const backend = await surroundings.openBackend({ env: surroundings.env });
  try {
    await makeModel({ source, out, shape: {}, type: 'q8_0', noise: HOPELESS, seed: 1 }, backend);
  } finally {
    backend.close();
  }
  return out;
}

const BAR = 24;

function progressText({ workload, contender, pass, done }: BenchStep, elapsedMs: number): string {
  const filled = Math.round(done * BAR);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
  const left = done > 0.02 ? `, about ${duration((elapsedMs * (1 - done)) / done)} left` : '';
  return `${bar} ${Math.round(done * 100)} % ${pass} ${workload} ${contender}${left}`;
}

function duration(ms: number): string {
  return ms < 90_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
