/**
 * A world for length policies: a text whose every position has a chance that the draft's token is accepted, and a noisy
 * view of it as the draft's confidence; passes cost what a curve says (after tools/simulation/sim_length.py, which holds
 * the streams, curves and the bounds). The unit of time is one plain target pass.
 */
import type { LengthPolicy } from '../length/policy.js';
import type { Random } from '../random.js';
import { roundOutcome, sure } from './rounds.js';

export interface Stream {
  /** Chance that the draft token is accepted, whether it is, and the confidence that is reported. */
  readonly chance: readonly number[];
  readonly accepted: readonly boolean[];
  readonly confidence: readonly number[];
}

export type Curve = (rows: number) => number;

/** Curves of algorithms.md 2.4. */
export const CURVES: Readonly<Record<'gpu-flat' | 'cpu2' | 'linear' | 'epyc2', Curve>> = {
  'gpu-flat': through([
    [1, 1],
    [8, 1.1],
    [9, 1.35],
    [16, 1.45],
    [17, 1.48],
  ]),
  cpu2: through([
    [1, 1],
    [2, 1.1],
    [4, 1.6],
    [6, 2.1],
    [8, 3],
    [9, 3.45],
  ]),
  linear: (rows) => rows,
  epyc2: through([
    [1, 1],
    [2, 1.66],
    [3, 2.3],
    [4, 2.29],
    [5, 3.22],
    [6, 3.57],
    [7, 4.18],
    [8, 4.49],
    [9, 5.45],
    [12, 6.64],
    [16, 8.44],
  ]),
};

export type StreamKind = 'good' | 'poor' | 'overconfident' | 'hopeless';

/** Mean acceptance of some .8, .5, .65 at a confidence of .9 throughout, and .15. */
export function streamOf(kind: StreamKind, length: number, random: Random): Stream {
  const easy = (): number => 1 - 0.06 * random();
  const hard = (): number => 0.1 + 0.5 * random() * random();
  const draw: Record<StreamKind, () => number> = {
    good: () => (random() < 0.7 ? easy() : hard() + 0.2),
    poor: () => (random() < 0.3 ? easy() : hard()),
    overconfident: () => (random() < 0.5 ? easy() : hard()),
    hopeless: () => 0.3 * random(),
  };
  const chance = Array.from({ length }, draw[kind]);
  const noise = (): number => random() + random() + random() - 1.5;
  const view = (p: number): number =>
    kind === 'overconfident' ? 2.2 + 0.5 * logit(p) + noise() : 0.8 * logit(p) + 0.4 + noise();
  return {
    chance,
    accepted: chance.map((p) => random() < p),
    confidence: chance.map((p) => 1 / (1 + Math.exp(-view(p)))),
  };
}

export interface Simulated {
  /** Tokens a unit of time: 1 is plain decoding. */
  readonly speed: number;
  readonly draftForwards: number;
  readonly rounds: number;
}

/** Decodes the stream under a policy; `draftCost` is one draft forward, catching up costs as much a token in a batch of 8. */
export function simulate(
  policy: LengthPolicy,
  { accepted, confidence }: Stream,
  curve: Curve,
  draftCost: number,
): Simulated {
  const end = accepted.length - 64;
  let [at, time, forwards, rounds, backlog] = [0, 0, 0, 0, 1];
  const batch = (tokens: number): number => draftCost * Math.max(1, tokens / 4);
  while (at < end) {
    const price = { first: batch(backlog), next: draftCost, probe: batch(32) };
    const plan = policy.begin({ room: 63, rule: 'matching', depth: 100, price });
    const confidences: number[] = [];
    let [draftMs, evidence] = [0, [] as { confidence: number; accepted: boolean }[]];
    while (plan.wants(confidences) && plan.admits(1)) {
      draftMs += confidences.length === 0 ? price.first : price.next;
      confidences.push(confidence[at + confidences.length]!);
      forwards += 1;
    }
    const probed = confidences.length === 0 ? Math.min(plan.probes?.() ?? 0, at) : 0;
    if (probed > 0) {
      draftMs = batch(probed);
      forwards += 1;
      backlog = 0;
      evidence = Array.from({ length: probed }, (_, i) => ({
        confidence: confidence[at - 1 - i]!,
        accepted: accepted[at - 1 - i]!,
      }));
    }
    const kept = plan.keep(confidences);
    let agreed = 0;
    while (agreed < kept && accepted[at + agreed]) agreed += 1;
    const verifyMs = curve(kept + 1);
    const draft = { tokens: sure(kept), confidences: confidences.slice(0, kept) };
    policy.observe(
      roundOutcome(draft, agreed, 0, {
        position: 100,
        dropped: confidences.length - kept,
        evidence,
        draftMs,
        verifyMs,
      }),
    );
    backlog = confidences.length === 0 ? backlog + 1 : 1;
    time += draftMs + verifyMs;
    at += agreed + 1;
    rounds += 1;
  }
  return { speed: at / time, draftForwards: forwards, rounds };
}

function through(points: readonly (readonly [number, number])[]): Curve {
  return (rows) => {
    const above = points.findIndex(([at]) => at >= rows);
    if (above === 0) return points[0]![1];
    const [low, high] =
      above < 0 ? [points[points.length - 2]!, points[points.length - 1]!] : [points[above - 1]!, points[above]!];
    return low[1] + ((high[1] - low[1]) * (rows - low[0])) / (high[0] - low[0]);
  };
}

function logit(p: number): number {
  const inside = Math.min(0.999, Math.max(0.001, p));
  return Math.log(inside / (1 - inside));
}
