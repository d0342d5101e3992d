/** The speed-up that the engine's own policy reaches on traced texts when the machine does exactly what was measured. */
import { setImmediate } from 'node:timers/promises';
import { type CostCurve, type CostState, Knowledge, type KnowledgeState } from '../speculative/index.js';
import { type Replay, type Replayed, type ReplayedText, replay } from './replay.js';
import { LONGEST } from './trace.js';

export interface ReplayedWorkload extends Pick<Replay, 'target' | 'draft' | 'kind'> {
  /** One for each request of the workload. */
  readonly texts: readonly ReplayedText[];
  /** What the engine knew when the workload was over; it stays as it is. */
  readonly learnt: KnowledgeState;
  /** Milliseconds to the first tokens, which nobody can save. */
  readonly promptMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Plain time over the policy's, prompts included, in a second replay: in the first it gets to know the texts, as it did
 * while they were measured.
 * @throws the signal's reason
 */
export async function policySpeedup(workload: ReplayedWorkload): Promise<number> {
  const { texts, learnt, target, draft, kind, promptMs, signal } = workload;
  const draftCosts = { [draft.name]: believed(draft.costs) };
  const knowledge = new Knowledge({ ...learnt, costs: believed(target), draftCosts });
  const plan: Replay = { knowledge, target, draft, kind, max: LONGEST, noise: () => 1 };
  await replayAll(texts, plan, signal);
  const replayed = await replayAll(texts, plan, signal);
  const total = (of: 'ms' | 'plainMs'): number => replayed.reduce((sum, text) => sum + text[of], promptMs);
  return total('plainMs') / total('ms');
}

async function replayAll(texts: readonly ReplayedText[], plan: Replay, signal?: AbortSignal): Promise<Replayed[]> {
  const replayed: Replayed[] = [];
  for (const text of texts) {
    // A replay waits for nothing: between texts at least whoever aborts is heard.
    await setImmediate();
    signal?.throwIfAborted();
    replayed.push(await replay(text, plan));
  }
  return replayed;
}

/** The curve as the policy has it: on the replay's clock there is no way back to plain decoding to be paid for. */
function believed(costs: CostCurve): CostState {
  return { ...costs.toJSON(), wayBack: 0 };
}
