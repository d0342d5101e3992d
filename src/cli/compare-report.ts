/** What a comparison of two answers comes to, for people. */
import type { Divergence, JudgedToken, Side } from '../engine/comparison/events.js';
import { type Compared, modelOn } from './compared.js';
import { aligned, type Cell } from './table.js';
import { type Paint, visible } from './terminal.js';

export interface ReportOptions {
  readonly paint: Paint;
  /** Whether both sides were written at once: then each was slower than alone. */
  readonly order: 'together' | 'in turn';
}

/** Lines without their ends. */
export function comparisonReport(compared: Compared, { paint, order }: ReportOptions): string[] {
  const { comparison } = compared;
  return [
    paint('bold', 'The draft model’s answer in the eyes of the target'),
    legend(paint),
    '',
    ...judgedText(comparison.tokens, comparison.divergence, paint).split('\n'),
    '',
    ...aligned(speedRows(compared), paint),
    ...(order === 'together' ? [paint('dim', 'both wrote at once: each is faster alone')] : []),
    '',
    ...findings(compared),
  ];
}

function legend(paint: Paint): string {
  const instead = paint('dim', '[what the target wanted]');
  return `${paint('green', 'accepted')}, ${paint('red', 'rejected')}${instead}; each token is judged behind the draft’s own text`;
}

/** The tokens as they were written, what the target wanted in brackets behind those that it would rather not accept. */
export function judgedText(tokens: readonly JudgedToken[], divergence: Divergence | null, paint: Paint): string {
  return tokens
    .map(({ text, accepted, wanted }, i) => {
      const shown = visible(text, '\n\t');
      if (accepted) return paint('green', shown);
      const parts = divergence?.token === i;
      const instead = wanted === null ? '' : paint('dim', `[${visible(wanted).trim() || visible(wanted)}]`);
      return paint(parts ? ['red', 'bold', 'underline'] : 'red', shown) + instead;
    })
    .join('');
}

function speedRows({ start, ends }: Compared): Cell[][] {
  const sides = ['main', 'draft'] as const;
  const row = (name: string, text: (side: Side) => string): Cell[] => [
    { text: name },
    ...sides.map((side) => ({ text: text(side) })),
  ];
  return [
    [
      { text: '', style: 'dim' },
      ...sides.map((side): Cell => ({ text: `${side}: ${visible(modelOn(side, start))}`, style: 'dim' })),
    ],
    row('tokens', (side) => String(ends[side].tokens)),
    row('prompt', (side) => `${ends[side].timings.promptMs.toFixed(1)} ms`),
    row('writing', (side) => `${ends[side].timings.predictedMs.toFixed(1)} ms`),
    row('tokens/s', (side) => ends[side].timings.predictedPerSecond?.toFixed(1) ?? '-'),
    row('ended by', (side) => ends[side].finishReason),
  ];
}

function findings({ comparison }: Compared): string[] {
  const { agreement, divergence, judgingMs } = comparison;
  const { judged, accepted, expectedAcceptance, expectedSpeedup, draftLength } = agreement;
  const share = expectedAcceptance === null ? '' : `, expected acceptance ${percent(expectedAcceptance)}`;
  return [
    `agreement: ${accepted} of ${judged} tokens${share}; the target judged them in ${judgingMs.toFixed(1)} ms`,
    divergence === null
      ? 'both texts are the same'
      : `the texts part at token ${divergence.token + 1}: main ${written(divergence.main)}, draft ${written(divergence.draft)}`,
    ...(expectedSpeedup === null ? [] : [prediction(expectedSpeedup, draftLength ?? 0)]),
  ];
}

function written(text: string): string {
  return text === '' ? 'has ended' : `wrote "${visible(text)}"`;
}

function prediction(speedup: number, length: number): string {
  if (length === 0) return 'predicted: drafting with this model does not pay here';
  const drafts = `${length} token${length === 1 ? '' : 's'}`;
  return `predicted, not measured: ${speedup.toFixed(2)}x with drafts of ${drafts}, from the acceptance and the cost of passes`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
