/** Rules of mode `auto` as files hold them. */
import { z } from 'zod';
import { OutriderError } from '../errors.js';
import { patternProblem, ROUTE_TARGETS, type RouteCondition, type RouteRules } from '../routing/index.js';

/** Characters of a pattern: what is longer is hardly meant. */
const MAX_PATTERN = 4096;

const count = z.int().min(0);
const expression = z.string().min(1).max(MAX_PATTERN);
const pattern = z.union([expression, z.array(expression).min(1)]);

const condition = z
  .strictObject({
    ask: pattern,
    system: pattern,
    instructions: pattern,
    text: pattern,
    effort: z.array(z.string().min(1)).min(1),
    structured: z.boolean(),
    chat: z.boolean(),
    maxTokensAtMost: count,
    maxTokensAtLeast: count,
    askAtMost: count,
    askAtLeast: count,
  } satisfies Record<keyof RouteCondition, z.ZodType>)
  .partial();

/** A list of rules, every pattern of which is a regular expression. */
export const routeRulesSchema = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(64),
      to: z.enum(ROUTE_TARGETS),
      reason: z.string().min(1).max(200).optional(),
      when: condition,
    }),
  )
  .superRefine((rules, context) => {
    const problem = patternProblem(rules as RouteRules);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/**
 * The rules in a file's text: a list of them, or an object whose `routes` is one, as in `outrider.config.json`; undefined
 * for an object without.
 * @param file its name, for messages
 * @throws OutriderError invalid_argument for what is no JSON or no rules
 */
export function parseRouteRules(text: string, file: string): RouteRules | undefined {
  const value = parse(text, file);
  const routes = isObject(value) ? value.routes : value;
  if (routes === undefined) return undefined;
  const result = routeRulesSchema.safeParse(routes);
  if (result.success) return result.data as RouteRules;
  const [issue] = result.error.issues;
  const place = issue?.path.length ? `${issue.path.join('.')}: ` : '';
  throw new OutriderError('invalid_argument', `${file}: routes: ${place}${issue?.message}`);
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OutriderError('invalid_argument', `${file}: expected JSON: ${(error as Error).message}`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
