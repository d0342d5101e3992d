/**
 * A world for length policies: a text whose every position has a chance that the draft's token is accepted, and a noisy
 * view of it as the draft's confidence; passes cost what a curve says (after tools/simulation/sim_length.py, which holds
 * the streams, curves and the bounds). The unit of time is one plain target pass.
 */
import type { Draft, Drafter, DraftPrice, DraftRequest, Evidence } from '../drafter.js';
import type { Proposer } from '../proposer.js';
import type { Random } from '../random.js';
import { roundOutcome } from './rounds.js';

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

/** A wrong token; the right one at a position is the position itself. */
export const WRONG = -1;
const CONTEXT = 100;

/** The draft of a stream: it says what the stream says, and counts what that costs. */
export class StreamDrafter implements Drafter {
  readonly name = 'stream';
  at = 0;
  ms = 0;
  forwards = 0;
  #backlog = 1;
  readonly #stream: Stream;
  readonly #cost: number;

  constructor(stream: Stream, cost: number) {
    this.#stream = stream;
    this.#cost = cost;
  }

  price(): DraftPrice {
    const first = this.#batch(this.#backlog);
    return { first, next: this.#cost, probe: this.#batch(32), behind: this.#backlog };
  }

  async propose({ prefix, room, length }: DraftRequest): Promise<Draft> {
    const tokens: number[] = [];
    const confidences: number[] = [];
    while (tokens.length < room && length.wants(confidences) && length.admits(1)) {
      const at = this.at + prefix.length + tokens.length;
      this.ms += tokens.length === 0 ? this.#batch(this.#backlog) : this.#cost;
      this.forwards += 1;
      this.#backlog = 1;
      tokens.push(this.#stream.accepted[at] ? at : WRONG);
      confidences.push(this.#stream.confidence[at]!);
    }
    return { tokens, confidences };
  }

  async probe(_: readonly number[], count: number): Promise<readonly Evidence[]> {
    const { confidence, accepted } = this.#stream;
    const probed = Math.min(count, this.at);
    this.ms += this.#batch(probed);
    this.forwards += 1;
    this.#backlog = 1;
    const evidence = (i: number): Evidence => ({
      confidence: confidence[this.at - 1 - i]!,
      accepted: accepted[this.at - 1 - i]!,
    });
    return Array.from({ length: probed }, (_unused, i) => evidence(i));
  }

  observe(): void {
    this.#backlog += 1;
  }

  close(): void {}

  /** Catching up costs as much a token as in a batch of 4. */
  #batch(tokens: number): number {
    return this.#cost * Math.max(1, tokens / 4);
  }
}

/** Decodes the stream; `draftCost` is one draft forward, `proposerOf` gets its draft. */
export async function simulate(
  proposerOf: (drafter: Drafter) => Proposer,
  stream: Stream,
  curve: Curve,
  draftCost: number,
): Promise<Simulated> {
  const drafter = new StreamDrafter(stream, draftCost);
  const proposer = proposerOf(drafter);
  const context = Array.from({ length: CONTEXT }, () => 0);
  const end = stream.accepted.length - 64;
  let [time, rounds] = [0, 0];
  while (drafter.at < end) {
    const before = drafter.ms;
    const asked = {
      context,
      prefix: [],
      rule: 'matching',
      room: 63,
      generated: drafter.at,
      signal: undefined,
    } as const;
    const { draft, dropped, evidence } = await proposer.propose(asked);
    const draftMs = drafter.ms - before;
    const verifyMs = curve(draft.tokens.length + 1);
    const wrong = draft.tokens.indexOf(WRONG);
    const accepted = wrong < 0 ? draft.tokens.length : wrong;
    const outcome = { position: CONTEXT, dropped, evidence, draftMs, verifyMs };
    proposer.observe(roundOutcome(draft, accepted, drafter.at + accepted, outcome));
    time += draftMs + verifyMs;
    drafter.at += accepted + 1;
    rounds += 1;
  }
  return { speed: drafter.at / time, draftForwards: drafter.forwards, rounds };
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
