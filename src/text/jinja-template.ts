import { Environment, Interpreter, type JinjaNode, type JinjaValue, parse, tokenize } from './jinja.js';
import { strftime } from './strftime.js';
import { TemplateError } from './template-error.js';

/** Characters of a template's source. The largest that is known has 17,000. */
const MAX_SOURCE = 256 * 1024;
/** Blanks in a row. The lexer's regular expressions take quadratic time on them: 10,000 cost 0.2 s, 100,000 cost 18 s. */
const MAX_BLANKS = 1000;
/** Expressions that a rendering may evaluate: so many anyway, and so many more for each character of what it is given. */
const STEPS = { base: 100_000, perCharacter: 10 } as const;
/** Characters of a new string that come for the price of one expression. */
const CHARACTERS_PER_STEP = 64;

/**
 * A chat template in Jinja, whose source comes from a model file and is not trusted: it can neither run on nor fill the
 * memory. The bound is on the work, counted in evaluated expressions and in the sizes of what they build, not on time:
 * a template fails or works alike on every machine, and a loop of 10^9 steps ends in a fraction of a second.
 */
export class JinjaTemplate {
  readonly #program: JinjaNode;

  /** @throws TemplateError `broken`: the source is too long or cannot be parsed. */
  constructor(source: string) {
    if (source.length > MAX_SOURCE) {
      throw new TemplateError(
        'broken',
        `it has ${source.length} characters, more than the ${MAX_SOURCE} that are read`,
      );
    }
    if (new RegExp(`\\s{${MAX_BLANKS + 1}}`).test(source)) {
      throw new TemplateError('broken', `it has more than ${MAX_BLANKS} blanks in a row`);
    }
    try {
      // The same settings of whitespace as Transformers renders chat templates with.
      this.#program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
    } catch (error) {
      throw new TemplateError('broken', wordsOf(error));
    }
  }

  /**
   * The text for these variables. `raise_exception(words)`, `range` and `strftime_now(format)`, by `now`, are there too.
   * @throws TemplateError `refused`, `broken` or `endless`
   */
  render(variables: Readonly<Record<string, unknown>>, now: Date): string {
    try {
      const given = JSON.stringify(variables);
      const budget = new Budget(STEPS.base + STEPS.perCharacter * given.length);
      const environment = new Environment();
      const globals = { ...constants(), ...functions(budget, now), ...variables };
      for (const [name, value] of Object.entries(globals)) environment.set(name, value);
      const text = String(new BoundedInterpreter(environment, budget).run(this.#program).value);
      // Where Python would raise for a dictionary joined to a text, the interpreter writes JavaScript's name for it.
      if (text.includes('[object ') && !given.includes('[object ')) {
        throw new TemplateError('broken', 'it writes an object where a text belongs');
      }
      return text;
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      throw new TemplateError('broken', wordsOf(error));
    }
  }
}

function constants(): Record<string, unknown> {
  return { true: true, false: false, none: null, True: true, False: false, None: null };
}

function functions(budget: Budget, now: Date): Record<string, unknown> {
  return {
    raise_exception: (words: unknown) => {
      throw new TemplateError('refused', String(words));
    },
    range: (first: number, second?: number, step = 1) => {
      const [start, stop] = second === undefined ? [0, first] : [first, second];
      const length = Math.max(0, Math.ceil((stop - start) / step));
      // Before the numbers are made: the memory of 10^9 of them would end the process.
      budget.spend(length);
      return Array.from({ length }, (_, index) => start + index * step);
    },
    strftime_now: (format: string) => strftime(now, format),
  };
}

class Budget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  spend(steps: number): void {
    this.#left -= steps;
    if (!(this.#left >= 0)) throw new TemplateError('endless', 'it was ended after more steps than a template needs');
  }
}

/** Evaluates as usual and pays for each expression and for the size of its value, so that doubling ends soon too. */
class BoundedInterpreter extends Interpreter {
  readonly #budget: Budget;

  constructor(environment: InstanceType<typeof Environment>, budget: Budget) {
    super(environment);
    this.#budget = budget;
  }

  override evaluate(node: JinjaNode | undefined, environment: InstanceType<typeof Environment>): JinjaValue {
    const result = super.evaluate(node, environment);
    const alreadyThere = node?.type === 'Identifier';
    this.#budget.spend(1 + (alreadyThere ? 0 : sizeInSteps(result.value)));
    return result;
  }
}

function sizeInSteps(value: unknown): number {
  if (typeof value === 'string') return Math.floor(value.length / CHARACTERS_PER_STEP);
  return Array.isArray(value) ? value.length : 0;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
