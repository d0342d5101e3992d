import type { CompareEvent, Side } from '../engine/comparison/events.js';

type Event<Type extends CompareEvent['type']> = Extract<CompareEvent, { type: Type }>;

/** All that a comparison has told. */
export interface Compared {
  readonly start: Event<'start'>;
  readonly ends: Readonly<Record<Side, Event<'end'>>>;
  readonly comparison: Event<'comparison'>;
}

/**
 * Lets `look` see each event in order, and returns what came of them all; `undefined` for a comparison that was aborted.
 */
export async function collectComparison(
  events: AsyncGenerator<CompareEvent, void, void>,
  look: (event: CompareEvent) => Promise<void> | void = () => {},
): Promise<Compared | undefined> {
  let start: Event<'start'> | undefined;
  const ends: Partial<Record<Side, Event<'end'>>> = {};
  let compared: Compared | undefined;
  for await (const event of events) {
    await look(event);
    if (event.type === 'start') start = event;
    if (event.type === 'end') ends[event.side] = event;
    const { main, draft } = ends;
    if (event.type !== 'comparison' || start === undefined || main === undefined || draft === undefined) continue;
    compared = { start, ends: { main, draft }, comparison: event };
  }
  return compared;
}

/** The name of the model on a side. */
export function modelOn(side: Side, { sides }: Event<'start'>): string {
  return sides.find((one) => one.side === side)?.model ?? side;
}

/** As one JSON object: what `outrider compare --json` prints. */
export function comparedAsJson({ start, ends, comparison }: Compared): object {
  const { type: _, ...rest } = comparison;
  const sides = start.sides.map(({ side, model }) => {
    const { type: __, ...end } = ends[side];
    return { ...end, model };
  });
  return { seed: start.seed, sides, ...rest };
}
