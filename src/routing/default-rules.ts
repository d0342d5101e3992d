import type { RouteRules } from './rules.js';

/** What is declared comes first. */
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
    name: 'few-tokens',
    to: 'draft',
    reason: 'the answer may have a few tokens only',
    when: { maxTokensAtMost: 16 },
  },
  {
    name: 'low-effort',
    to: 'draft',
    reason: 'the client declares that it deserves little thought',
    when: { effort: ['none', 'minimal', 'low'] },
  },
];
