/**
 * Several requests that share every pass of the target, as they do where nobody waits for anything else: their drafts are
 * made side by side, the longest of them is waited for, and one pass verifies all rows. Curves, streams and the unit of time
 * are those of length-simulation.ts.
 */
import type { Drafter } from '../drafter.js';
import type { Company, Others } from '../length/shared-pass.js';
import type { Proposer } from '../proposer.js';
import { type Curve, type Stream, StreamDrafter, WRONG } from './length-simulation.js';
import { roundOutcome } from './rounds.js';

export interface SharedRun {
  /** Tokens of all requests a unit of time. */
  readonly speed: number;
  /** Mean tokens of a draft. */
  readonly length: number;
}

const CONTEXT = 100;

/** Decodes one stream a request, to the end of the first. */
export async function simulateTogether(
  proposerOf: (drafter: Drafter, company: Company, request: number) => Proposer,
  streams: readonly Stream[],
  curve: Curve,
  draftCost: number,
): Promise<SharedRun> {
  const rows = streams.map(() => 1);
  const waited = streams.map(() => 0);
  const requests = streams.map((stream, i) => {
    const drafter = new StreamDrafter(stream, draftCost);
    const others = (): Others => ({
      requests: streams.length - 1,
      rows: rows.reduce((sum, count, j) => (j === i ? sum : sum + count), 0),
    });
    // All are in every pass, so that what was is what is expected.
    const company: Company = {
      expected: others,
      inLastPass: () => ({ ...others(), promptRows: 0, waitedMs: waited[i]! }),
    };
    return { drafter, proposer: proposerOf(drafter, company, i) };
  });
  const context = Array.from({ length: CONTEXT }, () => 0);
  const end = streams[0]!.accepted.length - 64;
  let [time, rounds, drafted] = [0, 0, 0];
  while (requests.every(({ drafter }) => drafter.at < end)) {
    const proposals = [];
    for (const { drafter, proposer } of requests) {
      const before = drafter.ms;
      const generated = drafter.at;
      const asked = { context, prefix: [], rule: 'matching', room: 63, generated, signal: undefined } as const;
      const proposal = await proposer.propose(asked);
      proposals.push({ ...proposal, draftMs: drafter.ms - before });
    }
    const longest = Math.max(...proposals.map(({ draftMs }) => draftMs));
    for (const [i, { draft, draftMs }] of proposals.entries()) {
      rows[i] = draft.tokens.length + 1;
      waited[i] = longest - draftMs;
    }
    const pass = curve(rows.reduce((sum, count) => sum + count));
    for (const [i, { draft, dropped, evidence, draftMs }] of proposals.entries()) {
      const { drafter, proposer } = requests[i]!;
      const wrong = draft.tokens.indexOf(WRONG);
      const accepted = wrong < 0 ? draft.tokens.length : wrong;
      const outcome = { position: CONTEXT, dropped, evidence, draftMs, verifyMs: waited[i]! + pass };
      proposer.observe(roundOutcome(draft, accepted, drafter.at + accepted, outcome));
      drafter.at += accepted + 1;
      drafted += draft.tokens.length;
    }
    time += longest + pass;
    rounds += 1;
  }
  const tokens = requests.reduce((sum, { drafter }) => sum + drafter.at, 0);
  return { speed: tokens / time, length: drafted / (rounds * streams.length) };
}
