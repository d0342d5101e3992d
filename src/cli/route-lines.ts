/** What `outrider route` shows: the rules, and what they do with requests. */
import type { RouteCondition, RouteTarget } from '../routing/index.js';
import type { Explained, Explanation, NamedRules } from './route.js';
import { type Paint, type Style, visible } from './terminal.js';

const STYLES: Readonly<Record<RouteTarget, Style>> = { draft: 'green', target: 'cyan', undecided: 'yellow' };
/** The widest decision. */
const DECISION = 'undecided'.length;
/** A longer reason is cut: the whole one is in --json. */
const MOST_REASON = 56;
/** Below this a request's text is not worth a column. */
const LEAST_ASK = 16;

/** Of each rule where it sends to, its name and reason; under that what must hold, cut to the terminal's width. */
export function ruleLines({ rules, source }: NamedRules, width: number, paint: Paint): string[] {
  const wide = String(rules.length).length;
  const indent = wide + DECISION + 4;
  const lines = rules.flatMap(({ name, to, reason = '', when }, index) => [
    `${String(index + 1).padStart(wide)}  ${decision(to, paint)}  ${paint('bold', visible(name))}  ${visible(reason)}`.trimEnd(),
    ...conditionLines(when).map((line) =>
      paint('dim', `${' '.repeat(indent)}${shortened(line, Math.max(LEAST_ASK, width - indent))}`),
    ),
  ]);
  return [
    ...lines,
    `${source}; what no rule applies to is undecided: the draft model begins, and its confidence decides`,
  ];
}

/** Of several patterns each has a line. */
function conditionLines(when: RouteCondition): string[] {
  return Object.entries(when).flatMap(([name, value]) => {
    if (name === 'effort') return `effort: ${value.join(', ')}`;
    return [value].flat().map((one) => `${name}: ${one}`);
  });
}

/** A request a line, then the totals. */
export function explanationLines(
  { requests, totals, right }: Explanation,
  { source }: NamedRules,
  width: number,
  paint: Paint,
): string[] {
  const wide = {
    line: Math.max('line'.length, ...requests.map(({ line }) => String(line).length)),
    rule: Math.max('rule'.length, ...requests.map(({ rule }) => visible(rule).length)),
    reason: Math.min(MOST_REASON, Math.max('reason'.length, ...requests.map(({ reason }) => visible(reason).length))),
  };
  const labelled = right !== undefined;
  const row = ({ line, to, rule, reason, ask, right }: Explained): string => {
    const before = wide.line + DECISION + wide.rule + wide.reason + 8 + (labelled ? 3 : 0);
    const cells = [
      String(line).padStart(wide.line),
      ...(labelled ? [mark(right, paint)] : []),
      decision(to, paint),
      visible(rule).padEnd(wide.rule),
      shortened(reason, wide.reason).padEnd(wide.reason),
      ...(width - before < LEAST_ASK ? [] : [paint('dim', shortened(ask, width - before))]),
    ];
    return cells.join('  ').trimEnd();
  };
  const heading = [
    'line'.padStart(wide.line),
    ...(labelled ? [' '] : []),
    'decision'.padEnd(DECISION),
    'rule'.padEnd(wide.rule),
    'reason',
  ].join('  ');
  return [
    ...(requests.length > 0 ? [paint('bold', heading)] : []),
    ...requests.map(row),
    `${requests.length} ${requests.length === 1 ? 'request' : 'requests'} by ${source}: ${totals.draft} draft, ${totals.target} target, ${totals.undecided} undecided`,
    ...(right === undefined ? [] : [rightLine(right)]),
  ];
}

function rightLine({ count, of }: { readonly count: number; readonly of: number }): string {
  return `${count} of ${of} as labelled (${((100 * count) / of).toFixed(1)} %); undecided counts as target`;
}

function decision(to: RouteTarget, paint: Paint): string {
  return paint(STYLES[to], to.padEnd(DECISION));
}

function mark(right: boolean | undefined, paint: Paint): string {
  if (right === undefined) return ' ';
  return right ? paint('green', '✓') : paint('red', '✗');
}

/** The beginning of a text on one line, in so many columns. */
function shortened(text: string, columns: number): string {
  const line = [
    ...visible(
      text
        .slice(0, 2 * columns)
        .replaceAll(/\s+/g, ' ')
        .trim(),
    ),
  ];
  return line.length <= columns ? line.join('') : `${line.slice(0, columns - 1).join('')}…`;
}
