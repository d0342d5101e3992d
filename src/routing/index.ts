export { decideRoute, type RouteDecision } from './decide.js';
export { DEFAULT_RULES } from './default-rules.js';
export type { FactMessage, RequestFacts } from './facts.js';
export { factsOfBody } from './recorded-request.js';
export {
  type PatternName,
  patternProblem,
  ROUTE_TARGETS,
  type RouteCondition,
  type RouteRule,
  type RouteRules,
  type RouteTarget,
} from './rules.js';
