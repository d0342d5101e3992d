/** `outrider chat`: a conversation in the terminal, with both models warm. */
import { OutriderError } from '../errors.js';
import { readCommand } from './chat-commands.js';
import { loadChat } from './chat-file.js';
import type { ChatFlags } from './chat-flags.js';
import { ChatHistory } from './chat-history.js';
import { type ChatInput, pipedInput, typedInput } from './chat-input.js';
import { ChatSession } from './chat-session.js';
import { ChatSettings } from './chat-settings.js';
import { INTERRUPTED } from './interruptible.js';
import { openLocal } from './open-local.js';
import { ProgressLine } from './progress.js';
import type { Outputs } from './run.js';
import type { Surroundings } from './surroundings.js';

/**
 * Runs the command; resolves to its exit code.
 * @throws OutriderError
 */
export async function chat(flags: ChatFlags, outputs: Outputs, surroundings: Surroundings): Promise<number> {
  // What cannot be understood is told before anything is loaded.
  const saved = flags.load === undefined ? { system: undefined, turns: [] } : await loadChat(flags.load);
  const settings = new ChatSettings(flags);
  const history = new ChatHistory({ ...saved, system: flags.system ?? saved.system });
  const progress = new ProgressLine(surroundings.stderr);
  const service = await loaded(flags, outputs, surroundings, progress);
  if (service === undefined) return INTERRUPTED;
  const session = new ChatSession({ service, history, settings, outputs, surroundings, progress, ...flags });
  const { input, isTyped } = inputOf(surroundings);
  try {
    if (isTyped) await session.greet();
    return await converse(session, input, isTyped);
  } finally {
    input.close();
    await service.close();
  }
}

/** `undefined` where loading was interrupted. */
async function loaded(flags: ChatFlags, { err }: Outputs, surroundings: Surroundings, progress: ProgressLine) {
  const interrupt = new AbortController();
  const stopListening = surroundings.onInterrupt(() => interrupt.abort());
  try {
    return await openLocal({ flags, surroundings, notes: err, progress, signal: interrupt.signal });
  } catch (error) {
    if (error instanceof OutriderError && error.code === 'aborted' && interrupt.signal.aborted) return undefined;
    throw error;
  } finally {
    progress.clear();
    stopListening();
  }
}

function inputOf({ stdin, stdout, stderr }: Surroundings): { readonly input: ChatInput; readonly isTyped: boolean } {
  if (stdin.isTTY !== true) return { input: pipedInput(stdin), isTyped: false };
  return { input: typedInput(stdin, stdout.isTTY ? stdout : stderr), isTyped: true };
}

/** Until one side has enough. Whoever types goes on behind an answer that was interrupted; a script does not. */
async function converse(session: ChatSession, input: ChatInput, isTyped: boolean): Promise<number> {
  for (;;) {
    const line = await input.next(session.prompt);
    if (line === undefined || session.hasNoReader) return 0;
    const outcome = await session.perform(readCommand(line));
    if (outcome === 'leave') return 0;
    if (outcome === 'interrupted' && !isTyped) return INTERRUPTED;
  }
}
