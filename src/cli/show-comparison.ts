import type { CompareEvent, CompareRequest } from '../engine/comparison/events.js';
import { comparisonReport } from './compare-report.js';
import { collectComparison, modelOn } from './compared.js';
import type { Output } from './output.js';
import { LEAST_COLUMNS, SideBySide } from './side-by-side.js';
import type { Surroundings } from './surroundings.js';
import { painter, visible, wantsColour } from './terminal.js';

export type CompareOrder = NonNullable<CompareRequest['order']>;

export interface ShowOptions {
  readonly output: Output;
  readonly surroundings: Pick<Surroundings, 'stdout' | 'env' | 'now'>;
  /** Begins the comparison. */
  readonly compare: (order: CompareOrder) => AsyncGenerator<CompareEvent, void, void>;
}

/** What a terminal that does not tell its height is taken for. */
const ROWS = 24;

/**
 * Shows both answers while they are written, side by side where the terminal is wide enough and can move its cursor, else one
 * after the other; then what the target makes of them.
 */
export async function showComparison({ output, surroundings, compare }: ShowOptions): Promise<void> {
  const { stdout, env, now } = surroundings;
  const paint = painter(wantsColour(stdout, env));
  const { columns = 0, rows = ROWS } = stdout;
  const isWide = stdout.isTTY === true && columns >= LEAST_COLUMNS && env.TERM !== 'dumb';
  const order: CompareOrder = isWide ? 'together' : 'in turn';
  const view = isWide
    ? sideBySide(new SideBySide(output, { columns, rows, paint, now }))
    : oneAfterTheOther(output, (text) => paint('bold', text));
  const compared = await collectComparison(compare(order), view);
  if (compared === undefined) return;
  await output.write(`\n${comparisonReport(compared, { paint, order }).join('\n')}\n`);
}

type View = (event: CompareEvent) => Promise<void>;

function sideBySide(columns: SideBySide): View {
  return async (event) => {
    if (event.type === 'start') await columns.begin({ main: headOf('main', event), draft: headOf('draft', event) });
    if (event.type === 'text') await columns.add(event.side, event.text);
    if (event.type === 'end') await columns.end(event.side);
  };
}

function oneAfterTheOther(output: Output, emphasise: (text: string) => string): View {
  let start: Extract<CompareEvent, { type: 'start' }> | undefined;
  let shown: 'main' | 'draft' | undefined;
  const head = async (side: 'main' | 'draft'): Promise<void> => {
    if (shown === side || start === undefined) return;
    await output.write(`${shown === undefined ? '' : '\n'}${emphasise(visible(headOf(side, start)))}\n`);
    shown = side;
  };
  return async (event) => {
    if (event.type === 'start') start = event;
    if (event.type === 'text' || event.type === 'end') await head(event.side);
    if (event.type === 'text') await output.write(visible(event.text, '\n\t'));
    if (event.type === 'end' && !event.text.endsWith('\n')) await output.write('\n');
  };
}

function headOf(side: 'main' | 'draft', start: Extract<CompareEvent, { type: 'start' }>): string {
  return `${side}: ${modelOn(side, start)}`;
}
