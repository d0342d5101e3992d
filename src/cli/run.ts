/** `outrider run`: one prompt, one answer. The text goes to standard output, everything else to standard error. */

import type { ErrorEvent, FinishEvent, StartEvent } from '../engine/events.js';
import type { EngineOptions } from '../engine/options.js';
import type { GenerationRequest } from '../engine/request.js';
import type { EventSink } from './event-sink.js';
import { interruptible } from './interruptible.js';
import { openKnowledge } from './learned.js';
import { engineOptionsFrom } from './model-flags.js';
import type { Output } from './output.js';
import type { ProgressLine } from './progress.js';
import { readPrompt } from './prompt.js';
import { renderDebug } from './render-debug.js';
import { renderJson } from './render-json.js';
import { renderPlainText, renderTerminalText } from './render-text.js';
import { type RunFlags, requestFrom } from './run-flags.js';
import { statisticsLines } from './statistics-lines.js';
import type { CommandEngine, Surroundings } from './surroundings.js';
import { painter, visible, wantsColour } from './terminal.js';
import { tokenText } from './token-text.js';
import { openTrace, type Trace } from './trace.js';

/** What the parts of a run share. */
interface Run {
  readonly flags: RunFlags;
  readonly surroundings: Surroundings;
  readonly out: Output;
  readonly err: Output;
  readonly progress: ProgressLine;
  /** Aborted by Ctrl-C and when nobody reads the text any more. */
  readonly signal: AbortSignal;
}

export interface Outputs {
  readonly out: Output;
  readonly err: Output;
}

/**
 * Runs the command; resolves to its exit code.
 * @throws OutriderError
 */
export async function run(
  argument: string | undefined,
  flags: RunFlags,
  { out, err }: Outputs,
  surroundings: Surroundings,
): Promise<number> {
  return interruptible({ out, surroundings }, async ({ progress, signal }) => {
    const text = await readPrompt({ argument, file: flags.file, stdin: surroundings.stdin, signal });
    const prediction =
      flags.prediction &&
      (await readPrompt({ argument: undefined, file: flags.prediction, stdin: surroundings.stdin, signal }));
    await answer(requestFrom(flags, text, prediction), { flags, surroundings, out, err, progress, signal });
  });
}

async function answer(request: GenerationRequest, run: Run): Promise<void> {
  const { flags, surroundings } = run;
  // A trace that cannot be written is told before models are loaded.
  const trace = flags.trace === undefined ? undefined : await openTrace(flags.trace, surroundings.now);
  try {
    const engine = await load(run);
    try {
      await generate(engine, request, run, trace);
    } finally {
      await engine.close();
    }
  } catch (error) {
    // What ended the run is told, not what may be wrong with its trace besides.
    await trace?.close().catch(() => {});
    throw error;
  }
  await trace?.close();
}

async function load({ flags, surroundings, progress, signal }: Run): Promise<CommandEngine> {
  const knowledge = openKnowledge(surroundings, (problem) => {
    if (!flags.json) surroundings.stderr.write(`note: ${problem}\n`);
  });
  const options: EngineOptions = {
    ...engineOptionsFrom(flags),
    ...(knowledge && { knowledge }),
    onProgress: progress.onLoad,
    signal,
  };
  const verbose = flags.verbose === true && {
    verbose: true,
    log: (level: string, line: string) =>
      void surroundings.stderr.write(`llama.cpp ${level}: ${visible(line, '\t')}\n`),
  };
  return surroundings.loadEngine(options, { env: surroundings.env, ...verbose });
}

async function generate(
  engine: CommandEngine,
  request: GenerationRequest,
  run: Run,
  trace: Trace | undefined,
): Promise<void> {
  const { flags, out, err, progress, signal } = run;
  if (!flags.json) await writeNotes(err, [...missingDraft(flags), ...engine.models.notes]);
  const ends: Ends = {};
  const sinks = [...(trace ? [trace.sink] : []), progress.onGeneration, ...views(engine, run), remember(ends)];
  for await (const event of engine.generate(request, signal)) {
    for (const sink of sinks) await sink(event);
  }
  if (ends.error !== undefined) throw ends.error.error;
  const { start, finish } = ends;
  if (flags.json || out.signal.aborted || start === undefined || finish === undefined) return;
  for (const line of statisticsLines(start, finish, engine.loadMs)) await err.write(`${line}\n`);
}

function missingDraft(flags: RunFlags): string[] {
  const missing = engineOptionsFrom(flags).drafts?.length === 0 && flags.mode === undefined;
  return missing ? ['no draft model was given (--model-draft): only the text itself is looked up for drafts'] : [];
}

/** What is shown of the generation: JSON, or the text and perhaps the rounds. */
function views(engine: CommandEngine, { flags, surroundings, out, err }: Run): EventSink[] {
  const { stdout, stderr, env } = surroundings;
  const { target, draft } = engine.models;
  const vocabulary = (flags.mode === 'draft' && draft ? draft : target).model.vocabulary;
  const names = (token: number): string => tokenText(vocabulary.bytes(token, true));
  const debug = flags.debug ? [renderDebug(err, { names, paint: painter(wantsColour(stderr, env)) })] : [];
  if (flags.json) return [...debug, renderJson(out, engine)];

  const colour = wantsColour(stdout, env);
  const when = flags.debug && stdout.isTTY ? 'whole' : 'live';
  const text =
    colour || stdout.isTTY ? renderTerminalText(out, { paint: painter(colour), when }) : renderPlainText(out);
  const notes: EventSink = (event) => (event.type === 'start' ? writeNotes(err, event.notes) : undefined);
  return [notes, ...debug, text];
}

async function writeNotes(err: Output, notes: readonly string[]): Promise<void> {
  for (const note of notes) await err.write(`note: ${visible(note)}\n`);
}

/** The events that frame a generation. */
interface Ends {
  start?: StartEvent;
  finish?: FinishEvent;
  error?: ErrorEvent;
}

function remember(ends: Ends): EventSink {
  return (event) => {
    if (event.type === 'start') ends.start = event;
    if (event.type === 'finish') ends.finish = event;
    if (event.type === 'error') ends.error = event;
  };
}
