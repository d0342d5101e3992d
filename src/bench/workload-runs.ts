/** Everything that ran on one workload, and its part of the report. */
import { msPerToken, summarisePeer } from './peer-runs.js';
import type { Peer, PeerAnswer } from './peers/peer.js';
import { ADAPTIVE, PLAIN, type Policy } from './policies.js';
import type { BenchWorkload, PeerRuns } from './result.js';
import { type Repetitions, summarisePlain, summarisePolicy } from './summary.js';
import type { RoundRecord, WorkloadRun } from './workload-run.js';
import type { Workload } from './workloads.js';

/** Of each contender the cold run first, then those of the repetitions; they come one by one. */
export interface WorkloadRuns {
  readonly workload: Workload;
  /** `PLAIN` among them. */
  readonly policies: ReadonlyMap<Policy, WorkloadRun[]>;
  /** Only beside `ADAPTIVE`. Who was hopeless in the first repetition has no others (`contendingPeers`). */
  readonly peers: ReadonlyMap<Peer, PeerAnswer[]>;
}

/** Of the time of the fastest peer: who takes more is nobody's best setting on this workload. */
const HOPELESS = 2;

/** Those that are worth another run: after one that counts, hopeless settings are left out. A grid of them takes minutes. */
export function contendingPeers(peers: WorkloadRuns['peers']): [Peer, PeerAnswer[]][] {
  const lastOf = (runs: readonly PeerAnswer[]): number => msPerToken(runs.at(-1)!);
  const fastest = Math.min(...[...peers.values()].filter(({ length }) => length > 0).map(lastOf));
  return [...peers].filter(([, runs]) => runs.length < 2 || lastOf(runs) <= HOPELESS * fastest);
}

/** What the report calls a peer. */
export function nameOf({ name, setting }: Peer): string {
  return `${name} ${setting}`;
}

export function warmRounds({ policies }: WorkloadRuns): RoundRecord[] {
  return [...policies.values()].flatMap((runs) => runs.slice(1).flatMap(({ rounds }) => rounds));
}

export function summariseWorkload(runs: WorkloadRuns): Omit<BenchWorkload, 'oracle'> {
  const { workload, policies } = runs;
  const repetitionsOf = ([cold, ...warm]: readonly WorkloadRun[]): Repetitions => ({ cold: cold!, warm });
  const plain = repetitionsOf(policies.get(PLAIN)!);
  const others = [...policies].filter(([policy]) => policy !== PLAIN);
  return {
    name: workload.name,
    temperature: workload.temperature,
    promptTokens: plain.cold.texts.reduce((sum, { prompt }) => sum + prompt.length, 0),
    plain: summarisePlain(plain),
    policies: Object.fromEntries(
      others.map(([policy, ofPolicy]) => [policy.name, summarisePolicy(repetitionsOf(ofPolicy), plain)]),
    ),
    peers: summarisePeers(runs),
  };
}

function summarisePeers({ policies, peers }: WorkloadRuns): Record<string, PeerRuns> {
  const ours = policies.get(ADAPTIVE)?.slice(1) ?? [];
  const plainOf = (name: string): Peer | undefined =>
    [...peers.keys()].find((peer) => peer.name === name && peer.setting === PLAIN.name);
  return Object.fromEntries(
    [...peers].map(([peer, answers]) => {
      const plain = plainOf(peer.name);
      const base = plain === undefined || plain === peer ? undefined : peers.get(plain)!.slice(1);
      return [nameOf(peer), summarisePeer(answers.slice(1), base, ours)];
    }),
  );
}
