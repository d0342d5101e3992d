/** Comparisons of many prompts, or with several draft models, as a table. */
import { geometricMean } from '../bench/interval.js';
import { percent } from './compare-report.js';
import { type Compared, modelOn } from './compared.js';
import { shortened } from './display-width.js';
import { aligned, type Cell } from './table.js';
import { type Paint, visible } from './terminal.js';

/** A prompt with what came of it. */
export interface TableEntry {
  readonly text: string;
  readonly compared: Compared;
}

const PROMPT_CELLS = 32;
const HEADS = [
  'prompt',
  'draft model',
  'tokens',
  'agree',
  'acceptance',
  'predicted',
  'parts at',
  'main t/s',
  'draft t/s',
];

/** Lines without their ends: one for each comparison, then one for each draft model over all prompts. */
export function comparisonTable(entries: readonly TableEntry[], paint: Paint): string[] {
  const names = [...new Set(entries.map(draftOf))];
  const prompts = new Set(entries.map(({ text }) => text)).size;
  const entriesOf = (name: string): readonly TableEntry[] => entries.filter((entry) => draftOf(entry) === name);
  const totals = prompts < 2 ? [] : names.map((name) => totalRow(name, entriesOf(name)));
  const heads = HEADS.map((text): Cell => ({ text, style: 'dim' }));
  return [
    ...aligned([heads, ...entries.map(row), ...totals], paint, 2),
    paint(
      'dim',
      'predicted: speculation over plain decoding at the best draft length, from acceptance and the cost of passes; not measured',
    ),
  ];
}

function draftOf({ compared }: TableEntry): string {
  return modelOn('draft', compared.start);
}

function row(entry: TableEntry): Cell[] {
  const { comparison, ends } = entry.compared;
  const { judged, accepted, expectedAcceptance, expectedSpeedup, draftLength } = comparison.agreement;
  return cells([
    shortened(visible(entry.text), PROMPT_CELLS),
    visible(draftOf(entry)),
    String(judged),
    judged === 0 ? '-' : percent(accepted / judged),
    expectedAcceptance === null ? '-' : percent(expectedAcceptance),
    expectedSpeedup === null ? '-' : `${expectedSpeedup.toFixed(2)}x at ${draftLength}`,
    comparison.divergence === null ? 'nowhere' : String(comparison.divergence.token + 1),
    ends.main.timings.predictedPerSecond?.toFixed(1) ?? '-',
    ends.draft.timings.predictedPerSecond?.toFixed(1) ?? '-',
  ]);
}

/** Counts are added up, chances weighed by their tokens; of the predictions it is the geometric mean. */
function totalRow(name: string, entries: readonly TableEntry[]): Cell[] {
  const agreements = entries.map(({ compared }) => compared.comparison.agreement);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const judged = sum(agreements.map((one) => one.judged));
  const accepted = sum(agreements.map((one) => one.accepted));
  const chances = sum(agreements.map((one) => (one.expectedAcceptance ?? 0) * one.judged));
  const speedups = agreements.flatMap(({ expectedSpeedup }) => expectedSpeedup ?? []);
  const same = entries.filter(({ compared }) => compared.comparison.divergence === null).length;
  return cells(
    [
      'all prompts',
      visible(name),
      String(judged),
      judged === 0 ? '-' : percent(accepted / judged),
      judged === 0 ? '-' : percent(chances / judged),
      speedups.length === 0 ? '-' : `${geometricMean(speedups).toFixed(2)}x`,
      `${same} same`,
      speedOf(entries, 'main'),
      speedOf(entries, 'draft'),
    ],
    'bold',
  );
}

/** Tokens behind the first of each answer, over the time that they took. */
function speedOf(entries: readonly TableEntry[], side: 'main' | 'draft'): string {
  let tokens = 0;
  let ms = 0;
  for (const { compared } of entries) {
    const { timings, tokens: written } = compared.ends[side];
    tokens += Math.max(0, written - 1);
    ms += timings.predictedMs;
  }
  return ms > 0 ? ((1000 * tokens) / ms).toFixed(1) : '-';
}

function cells(texts: readonly string[], style?: 'bold'): Cell[] {
  return texts.map((text) => (style === undefined ? { text } : { text, style }));
}
