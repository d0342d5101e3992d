import type { Context } from '../../../src/engine/index.js';
import type { Token } from '../../../src/speculative/index.js';

/** Rows of one sequence that a pass evaluates. */
export interface Evaluation {
  readonly sequence: number;
  /** Position of the first of them. */
  readonly from: number;
  readonly tokens: Token[];
}

/** Records from now on what the passes of a context evaluate. */
export function recordEvaluations(context: Context): Evaluation[] {
  const evaluations: Evaluation[] = [];
  const decode = context.decode.bind(context);
  context.decode = (count) => {
    const { token, position, sequence } = context.rows;
    for (let i = 0; i < count; i++) {
      const one = { sequence: sequence[i]!, from: position[i]!, tokens: [token[i]!] };
      const last = i > 0 ? evaluations.at(-1) : undefined;
      const end = last && last.from + last.tokens.length;
      if (last?.sequence === one.sequence && end === one.from) last.tokens.push(...one.tokens);
      else evaluations.push(one);
    }
    return decode(count);
  };
  return evaluations;
}
