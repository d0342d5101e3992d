import { OutriderError } from '../errors.js';
import type { Output } from './output.js';
import { ProgressLine } from './progress.js';
import type { Surroundings } from './surroundings.js';

/** The exit code after Ctrl-C, as a shell has it for a program that a signal ended: 128 + SIGINT. */
export const INTERRUPTED = 130;

/** What a command has while it works. */
export interface Work {
  readonly progress: ProgressLine;
  /** Aborted by Ctrl-C and when nobody reads the text any more. */
  readonly signal: AbortSignal;
}

/** Does a command's work, which Ctrl-C ends; resolves to the command's exit code. */
export async function interruptible(
  { out, surroundings }: { readonly out: Output; readonly surroundings: Surroundings },
  work: (parts: Work) => Promise<void>,
): Promise<number> {
  const interrupt = new AbortController();
  const stopListening = surroundings.onInterrupt(() => interrupt.abort());
  const signal = AbortSignal.any([interrupt.signal, out.signal]);
  const progress = new ProgressLine(surroundings.stderr);
  try {
    await work({ progress, signal });
  } catch (error) {
    const stopped = error instanceof OutriderError && error.code === 'aborted' && signal.aborted;
    if (!stopped) throw error;
  } finally {
    progress.clear();
    stopListening();
  }
  return interrupt.signal.aborted ? INTERRUPTED : 0;
}
