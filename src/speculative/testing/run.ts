import { type Ending, type Generation, generate, type Round } from '../generate.js';

/** Generates to the end; `check` sees the state after every round. */
export async function run(
  generation: Generation,
  check: (round: Round) => void = () => {},
): Promise<{ rounds: Round[]; ending: Ending }> {
  const rounds: Round[] = [];
  const generator = generate(generation);
  for (;;) {
    const step = await generator.next();
    if (step.done) return { rounds, ending: step.value };
    check(step.value);
    rounds.push(step.value);
  }
}
