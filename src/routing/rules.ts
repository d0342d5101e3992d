/** Rules in order: the first whose conditions all hold decides. Plain data, so that a config file can hold them. */
export type RouteRules = readonly RouteRule[];

export interface RouteRule {
  /** What decisions call it. */
  readonly name: string;
  readonly to: RouteTarget;
  /** Why, for people. */
  readonly reason?: string;
  readonly when: RouteCondition;
}

/** `undecided`: the draft model begins, and its confidence decides. */
export const ROUTE_TARGETS = ['draft', 'target', 'undecided'] as const;
export type RouteTarget = (typeof ROUTE_TARGETS)[number];

/** All that are given must hold; none at all always holds. */
export interface RouteCondition extends Readonly<Partial<Record<PatternName, string | readonly string[]>>> {
  /** The declared effort is one of these. */
  readonly effort?: readonly string[];
  /** Whether the answer has to follow a schema or may call tools. */
  readonly structured?: boolean;
  /** Whether it is a chat, of messages, or a plain prompt. */
  readonly chat?: boolean;
  /** The request limits its answer to at most so many tokens, or allows at least so many; without a limit neither holds. */
  readonly maxTokensAtMost?: number;
  readonly maxTokensAtLeast?: number;
  /** Length of what is asked now, in characters. */
  readonly askAtMost?: number;
  readonly askAtLeast?: number;
}

/**
 * Conditions that are a regular expression, or several of which one must be found, whatever the case (flags `i` and `u`):
 * in what is asked now (the last message that the model did not write), in the system messages before it, in the two
 * together, in the whole prompt. Of a long text they see the first and the last 4096 characters.
 */
export const PATTERN_NAMES = ['ask', 'system', 'instructions', 'text'] as const;
export type PatternName = (typeof PATTERN_NAMES)[number];

/**
 * The expressions of a condition.
 * @throws SyntaxError, in JavaScript's words, for what is no regular expression
 */
export function patternsOf(condition: string | readonly string[]): readonly RegExp[] {
  return [condition].flat().map((source) => new RegExp(source, 'iu'));
}

/** The first pattern that is no regular expression, in a few words; undefined where all are. */
export function patternProblem(rules: RouteRules): string | undefined {
  for (const { name, when } of rules) {
    for (const pattern of PATTERN_NAMES) {
      try {
        patternsOf(when[pattern] ?? []);
      } catch (error) {
        return `rule '${name}', ${pattern}: ${(error as Error).message}`;
      }
    }
  }
  return undefined;
}
