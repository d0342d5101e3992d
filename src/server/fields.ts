/** Building blocks of request schemas. A field that is null counts as absent everywhere: typed clients send every field. */
import { z } from 'zod';

/** Absent, null or what `schema` takes. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** A finite JSON number; one in quotes is refused rather than guessed at. */
export const numberField = optional(z.number({ error: expected('a number') }));
export const booleanField = optional(z.boolean({ error: expected('true or false') }));
export const stringField = optional(z.string({ error: expected('a string') }));

/** An integer within bounds, however large the number is written. */
export function integerField(from: number, to = Number.MAX_SAFE_INTEGER) {
  return optional(integer(from, to));
}

function integer(from: number, to: number) {
  const upper = to === Number.MAX_SAFE_INTEGER ? '' : ` to ${to}`;
  return z.custom<number>(
    (value) => Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to,
    { error: expected(`an integer from ${from}${upper}`) },
  );
}

/**
 * How many tokens may be written: an integer, at least 0, or -1 for as many as fit, which reads as absent. What is beyond
 * any context is a limit like another.
 */
export const tokenLimitField = optional(
  z.custom<number>((value) => Number.isInteger(value) && (value as number) >= -1, {
    error: expected('an integer, at least 0, or -1 for as many as fit'),
  }),
).transform((limit) => (limit === undefined || limit === -1 ? undefined : Math.min(limit, Number.MAX_SAFE_INTEGER)));

/** The most stop strings of a request, and the most characters of one: each is searched for at every token. */
const MAX_STOPS = 256;
const MAX_STOP_LENGTH = 4096;

/** A text or a list of them before which the answer ends; empty ones stop nothing. */
export const stopField = optional(
  z.union([z.string(), z.array(z.string().max(MAX_STOP_LENGTH)).max(MAX_STOPS)], {
    error: expected(`a string or a list of at most ${MAX_STOPS} strings of at most ${MAX_STOP_LENGTH} characters`),
  }),
).transform((stop) => (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== ''));

/** The words of a refusal: what was expected and what came. */
export function expected(what: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `expected ${what}, got ${shown(input)}`;
}

const MAX_SHOWN = 60;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}
