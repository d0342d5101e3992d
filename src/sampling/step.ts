import type { Noise } from '../speculative/index.js';
import type { Candidates } from './candidates.js';
import type { History } from './history.js';

/** What a step may know beside the candidates: the tokens before the one to be drawn, and the position's coins. */
export interface Moment {
  readonly history: History;
  readonly noise: Noise;
}

/** One transformation of logits. A chain is a list of them. */
export type Step = (candidates: Candidates, moment: Moment) => void;
