import { ASIDE_RULES, HOUSEKEEPING_RULES } from './housekeeping-rules.js';
import {
  BARE_ANSWER_RULES,
  CONVERSION_RULES,
  FEW_TOKENS_RULES,
  SMALL_TALK_RULES,
  TRANSFORMATION_RULES,
} from './light-rules.js';
import type { RouteRules } from './rules.js';
import { HARD_WORK_RULES, JUDGEMENT_RULES, ROLE_PLAY_RULES, STAKES_RULES } from './weighty-rules.js';

/**
 * What is declared to be weighty; what front ends ask on their own behalf; what is weighty however short, and then what is
 * short; a role-play's turns; hard work before small transformations and weaker signs of weight; a declared low effort last,
 * since it counts where nothing says otherwise. What no rule knows is left undecided.
 */
export const DEFAULT_RULES: RouteRules = [
  {
    name: 'high-effort',
    to: 'target',
    reason: 'the client declares that it deserves thought',
    when: { effort: ['high', 'xhigh', 'max'] },
  },
  {
    name: 'structured',
    to: 'target',
    reason: 'the answer has to follow a schema or may call tools',
    when: { structured: true },
  },
  {
    name: 'tool-choice',
    to: 'target',
    reason: 'tools to choose from',
    when: { ask: String.raw`\b(?:available tools|(?:choose|select|pick)\b[^.\n]{0,40}\btools?\b|function calls?)\b` },
  },
  ...HOUSEKEEPING_RULES,
  ...CONVERSION_RULES,
  ...STAKES_RULES,
  ...SMALL_TALK_RULES,
  ...FEW_TOKENS_RULES,
  ...ASIDE_RULES,
  ...ROLE_PLAY_RULES,
  ...BARE_ANSWER_RULES,
  ...HARD_WORK_RULES,
  ...TRANSFORMATION_RULES,
  ...JUDGEMENT_RULES,
  {
    name: 'low-effort',
    to: 'draft',
    reason: 'the client declares that it deserves little thought',
    when: { effort: ['none', 'minimal', 'low'] },
  },
];
