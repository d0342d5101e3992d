import type { FinishEvent, StartEvent, TokenLogprob } from '../engine/events.js';
import { given } from '../given.js';
import type { EventSink } from './event-sink.js';
import type { Output } from './output.js';
import type { CommandEngine, CommandModel } from './surroundings.js';

type EngineFacts = Pick<CommandEngine, 'loadMs' | 'models'>;

/** One JSON object on one line, when the generation has finished; nothing when it fails. */
export function renderJson(output: Output, engine: EngineFacts): EventSink {
  let start: StartEvent | undefined;
  const logprobs: TokenLogprob[] = [];
  return async (event) => {
    if (event.type === 'start') start = event;
    if (event.type === 'text') logprobs.push(...(event.logprobs ?? []));
    if (event.type === 'finish' && start !== undefined) {
      const answer = answerAsJson(start, event, engine);
      const told = logprobs.length > 0 && { logprobs: logprobs.map(plainLogprob) };
      await output.write(`${JSON.stringify({ ...answer, ...told })}\n`);
    }
  };
}

/** The answer of `run --json`; times in milliseconds, counts in tokens. */
export function answerAsJson(start: StartEvent, finish: FinishEvent, { loadMs, models }: EngineFacts): object {
  const { text, tokens, reason, stop, promptTokens, completionTokens, statistics, timings, route } = finish;
  const { shifted, dropped } = finish;
  const { mode, seed, seedOrigin, verification, draftMax, leniency } = start;
  return {
    text,
    tokens,
    finishReason: reason,
    ...(stop !== undefined && { stop }),
    mode,
    seed,
    seedOrigin,
    verification,
    ...(leniency !== undefined && { lossless: false, leniency }),
    ...(route !== undefined && { route }),
    strict: models.rowClass.kind === 'strict',
    promptTokens,
    completionTokens,
    ...given({ shifted, dropped }),
    timings: { ...timings, loadMs },
    speculation: { ...statistics, draftMax },
    models: { target: nameOf(models.target), draft: models.draft === undefined ? null : nameOf(models.draft) },
    notes: [...models.notes, ...start.notes],
  };
}

/** Bytes as numbers, as OpenAI has them. */
function plainLogprob({ bytes, top, ...rest }: TokenLogprob): object {
  const plain = <Known extends { bytes: Uint8Array }>(known: Known): object => ({ ...known, bytes: [...known.bytes] });
  return { ...rest, bytes: [...bytes], top: top.map(plain) };
}

function nameOf({ name, model }: CommandModel): { name: string; path: string } {
  return { name, path: model.path };
}
