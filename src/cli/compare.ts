/** `outrider compare`: the target and its draft models answer the same prompts, and the target judges what those wrote. */
import { compare as compareModels } from '../engine/comparison/compare.js';
import type { CompareRequest } from '../engine/comparison/events.js';
import { drawSeed } from '../engine/seed.js';
import type { EngineService } from '../engine/service.js';
import { given } from '../given.js';
import type { CompareFlags } from './compare-flags.js';
import { type ComparedPrompt, promptOf, promptsOf } from './compare-prompts.js';
import { comparisonTable, type TableEntry } from './compare-table.js';
import { collectComparison, comparedAsJson, modelOn } from './compared.js';
import { interruptible } from './interruptible.js';
import { withOneMainAnswer } from './one-main-answer.js';
import { openLocal } from './open-local.js';
import type { Output } from './output.js';
import type { ProgressLine } from './progress.js';
import { readPrompt } from './prompt.js';
import type { Outputs } from './run.js';
import { samplingFromFlags } from './sampling-flags.js';
import { showComparison } from './show-comparison.js';
import type { Surroundings } from './surroundings.js';
import { painter, visible, wantsColour } from './terminal.js';

/** Two answers, of which each token is judged: without another wish they stay short. */
const DEFAULT_MAX_TOKENS = 256;

interface Comparing {
  readonly service: EngineService;
  readonly flags: CompareFlags;
  readonly out: Output;
  readonly surroundings: Surroundings;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
}

/**
 * Runs the command; resolves to its exit code.
 * @throws OutriderError
 */
export async function compare(
  argument: string | undefined,
  flags: CompareFlags,
  { out, err }: Outputs,
  surroundings: Surroundings,
): Promise<number> {
  return interruptible({ out, surroundings }, async ({ progress, signal }) => {
    const wishes = wishesOf(flags);
    const prompts = await readPrompts(argument, flags, surroundings, signal);
    const service = await openLocal({ flags, surroundings, notes: err, progress, signal });
    try {
      await answer(prompts, wishes, { service, flags, out, surroundings, progress, signal });
    } finally {
      await service.close();
    }
  });
}

type Wishes = Omit<CompareRequest, 'prompt' | 'draft' | 'order'>;

function wishesOf(flags: CompareFlags): Wishes {
  const { seed = drawSeed(), predict = DEFAULT_MAX_TOKENS } = flags;
  return { seed, maxTokens: predict, sampling: given(samplingFromFlags(flags)) };
}

async function readPrompts(
  argument: string | undefined,
  flags: CompareFlags,
  { stdin }: Surroundings,
  signal: AbortSignal,
): Promise<readonly ComparedPrompt[]> {
  const text = await readPrompt({ argument, file: flags.file, stdin, signal });
  return flags.file === undefined ? [promptOf(text, flags)] : promptsOf(text, flags.file, flags);
}

/** One prompt and one draft model are shown as they are written; anything more becomes a table. */
async function answer(prompts: readonly ComparedPrompt[], wishes: Wishes, comparing: Comparing): Promise<void> {
  const { service, flags, out, surroundings, signal } = comparing;
  const [only, ...more] = prompts;
  const single = more.length === 0 && service.description.drafts.length < 2;
  if (!single || flags.json) return compareAll(prompts, wishes, comparing);
  await showComparison({
    output: out,
    surroundings,
    compare: (order) => compareModels(service, { ...wishes, prompt: only!.prompt, order }, signal),
  });
}

async function compareAll(prompts: readonly ComparedPrompt[], wishes: Wishes, comparing: Comparing): Promise<void> {
  const { flags, out, surroundings, progress, signal } = comparing;
  const service = withOneMainAnswer(comparing.service);
  const entries: TableEntry[] = [];
  for (const [index, { text, prompt }] of prompts.entries()) {
    for (const { name } of draftsOf(service)) {
      if (signal.aborted) break;
      progress.show(`comparing ${index + 1} of ${prompts.length}: ${visible(text)}`);
      const request: CompareRequest = { ...wishes, prompt, ...given({ draft: name }), order: 'in turn' };
      const compared = await collectComparison(compareModels(service, request, signal));
      if (compared === undefined) break;
      entries.push({ text, compared });
      if (!flags.json) continue;
      progress.clear();
      const draft = modelOn('draft', compared.start);
      await out.write(`${JSON.stringify({ prompt, draft, ...comparedAsJson(compared) })}\n`);
    }
  }
  progress.clear();
  if (flags.json || entries.length === 0) return;
  const lines = comparisonTable(entries, painter(wantsColour(surroundings.stdout, surroundings.env)));
  await out.write(`${lines.join('\n')}\n`);
}

/** Without any, comparing says what is missing. */
function draftsOf({
  description: { drafts },
}: Pick<EngineService, 'description'>): readonly { readonly name?: string }[] {
  return drafts.length > 0 ? drafts : [{}];
}
