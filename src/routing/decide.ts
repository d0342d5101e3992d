import { type Passages, passagesOf, type RequestFacts } from './facts.js';
import { PATTERN_NAMES, patternsOf, type RouteCondition, type RouteRules } from './rules.js';

/** Who should write the answer, by which rule (`none` where none applies) and why, for people. */
export type RouteDecision =
  | { readonly to: 'draft' | 'target'; readonly rule: string; readonly reason: string }
  | { readonly to: 'undecided'; readonly rule: string; readonly reason: string };

/**
 * The decision of the first rule that applies; without one it is left to the draft model's confidence.
 * @param rules with valid patterns (patternProblem)
 */
export function decideRoute(facts: RequestFacts, rules: RouteRules): RouteDecision {
  const passages = passagesOf(facts);
  const rule = rules.find(({ when }) => holds(when, facts, passages));
  if (rule === undefined) return { to: 'undecided', rule: 'none', reason: 'no rule applies' };
  return { to: rule.to, rule: rule.name, reason: rule.reason ?? 'what it asks for holds' };
}

function holds(when: RouteCondition, facts: RequestFacts, passages: Passages): boolean {
  const { effort, structured, chat, maxTokensAtMost, maxTokensAtLeast, askAtMost, askAtLeast } = when;
  return (
    (effort === undefined || (facts.effort !== undefined && effort.includes(facts.effort.toLowerCase()))) &&
    (structured === undefined || structured === facts.structured) &&
    (chat === undefined || chat === (facts.messages !== undefined)) &&
    within(facts.maxTokens, maxTokensAtLeast, maxTokensAtMost) &&
    within(passages.ask.length, askAtLeast, askAtMost) &&
    PATTERN_NAMES.every((name) => {
      const condition = when[name];
      return condition === undefined || patternsOf(condition).some((pattern) => pattern.test(passages[name]));
    })
  );
}

/** What is not known is within no bounds. */
function within(value: number | undefined, least: number | undefined, most: number | undefined): boolean {
  if (least === undefined && most === undefined) return true;
  return value !== undefined && value >= (least ?? 0) && value <= (most ?? Number.POSITIVE_INFINITY);
}
