/**
 * What is used of @huggingface/jinja, typed by hand: its own declarations import each other without file extensions,
 * which Node's module resolution does not follow, so that the types of these four come out as `any`.
 */
import * as untyped from '@huggingface/jinja';

/** The tree of a parsed template. */
export interface JinjaNode {
  readonly type: string;
}

/** A value at run time: the JavaScript one for scalars, an array or a map of such values otherwise. */
export interface JinjaValue {
  readonly value: unknown;
}

interface JinjaEnvironment {
  /** Declares a variable, converted from a JavaScript value. Throws when the name is taken. */
  set(name: string, value: unknown): JinjaValue;
}

interface JinjaInterpreter {
  run(program: JinjaNode): JinjaValue;
  /** Every expression and statement of a run passes through here. */
  evaluate(node: JinjaNode | undefined, environment: JinjaEnvironment): JinjaValue;
}

interface JinjaModule {
  readonly tokenize: (source: string, options: { lstrip_blocks: boolean; trim_blocks: boolean }) => readonly unknown[];
  readonly parse: (tokens: readonly unknown[]) => JinjaNode;
  readonly Environment: new () => JinjaEnvironment;
  readonly Interpreter: new (environment: JinjaEnvironment) => JinjaInterpreter;
}

export const { tokenize, parse, Environment, Interpreter } = untyped as unknown as JinjaModule;
