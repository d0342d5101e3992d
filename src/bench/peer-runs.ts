/** A workload on another program, and what its times say about ours. */
import { median, medianInterval, pairedRatios } from './interval.js';
import type { Peer, PeerAnswer } from './peers/peer.js';
import type { PeerRuns } from './result.js';
import { tokensOf } from './summary.js';
import type { FinishedText } from './trace.js';
import type { WorkloadRun } from './workload-run.js';

export interface PeerPlan {
  readonly peer: Peer;
  readonly prompts: readonly FinishedText['prompt'][];
  readonly temperature: number;
  readonly seed: number;
  /** Of each answer. */
  readonly tokens: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks for all of the workload's answers; the program sleeps before and after. Sums.
 * @throws the signal's reason, at once; the program may then be in the middle of an answer, and is of no use any more
 */
export async function runPeer({ peer, prompts, signal, ...request }: PeerPlan): Promise<PeerAnswer> {
  const sum = { ms: 0, tokens: 0, drafted: 0, accepted: 0 };
  peer.resume();
  try {
    for (const prompt of prompts) {
      const answer = await unlessAborted(() => peer.generate({ prompt, ...request }), signal);
      sum.ms += answer.ms;
      sum.tokens += answer.tokens;
      sum.drafted += answer.drafted;
      sum.accepted += answer.accepted;
    }
  } finally {
    peer.pause();
  }
  return sum;
}

async function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  return await new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal?.removeEventListener('abort', abort));
  });
}

export function msPerToken({ ms, tokens }: PeerAnswer): number {
  return ms / tokens;
}

/**
 * Runs of the same repetitions, as many as the peer has: the peer's, its own plain decoding's where that ran, and ours. Times are compared by
 * token, since a program may end a token early.
 */
export function summarisePeer(
  runs: readonly PeerAnswer[],
  plain: readonly PeerAnswer[] | undefined,
  ours: readonly WorkloadRun[],
): PeerRuns {
  const times = runs.map(msPerToken);
  const against = pairedRatios(
    times,
    ours.map((run) => run.ms / tokensOf(run)),
  );
  return {
    ms: runs.map(({ ms }) => ms),
    tokensPerSecond: 1000 / median(times),
    speedup: plain && median(pairedRatios(plain.map(msPerToken), times)),
    against: median(against),
    againstInterval: medianInterval(against),
    drafted: runs.reduce((sum, { drafted }) => sum + drafted, 0),
    accepted: runs.reduce((sum, { accepted }) => sum + accepted, 0),
  };
}
