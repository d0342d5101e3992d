/** Flags with values: each refusal names the flag, what was expected and what came. */
import { Option } from 'commander';
import { OutriderError } from '../errors.js';

/** Understands what was typed. */
export interface Reader<Value> {
  /** What goes well, as it stands in "expected ...". */
  readonly expected: string;
  /** `undefined` for anything else; may throw an OutriderError that knows better what is wrong. */
  readonly read: (text: string) => Value | undefined;
}

export interface IntegerRange {
  readonly from: number;
  /** The last integer that is exact unless told. */
  readonly to?: number;
}

/** Decimal digits only: `1e3`, `0x10`, `2.5`, an empty text and what a double cannot hold exactly are refused. */
export function integer({ from, to = Number.MAX_SAFE_INTEGER }: IntegerRange): Reader<number> {
  return {
    expected: `an integer from ${from}${to === Number.MAX_SAFE_INTEGER ? '' : ` to ${to}`}`,
    read: (text) => {
      const value = Number(text);
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(value) && value >= from && value <= to ? value : undefined;
    },
  };
}

/** A finite number in decimal notation, also with an exponent. What range makes sense, its user says. */
export const number: Reader<number> = {
  expected: 'a number',
  read: (text) => {
    const value = Number(text);
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(value) ? value : undefined;
  },
};

export function oneOf<Choice extends string>(choices: readonly Choice[]): Reader<Choice> {
  return {
    expected: `one of ${choices.join(', ')}`,
    read: (text) => choices.find((choice) => choice === text),
  };
}

/** A word, or else what `reader` understands. */
export function wordOr<Word extends string, Value>(word: Word, reader: Reader<Value>): Reader<Word | Value> {
  return {
    expected: `'${word}' or ${reader.expected}`,
    read: (text) => (text === word ? word : reader.read(text)),
  };
}

/** A flag with a value; given twice, the last one counts. */
export function valueOption<Value>(flags: string, description: string, reader: Reader<Value>): Option {
  const option = new Option(flags, description);
  return option.argParser((text) => readValue(option, reader, text));
}

/** A flag that may be given several times; its value is the list, in order. */
export function listOption<Value>(flags: string, description: string, reader: Reader<Value>): Option {
  const option = new Option(flags, `${description} (repeatable)`);
  return option.argParser<Value[]>((text, previous = []) => [...previous, readValue(option, reader, text)]);
}

/** Any text at all. */
export const anyText: Reader<string> = { expected: 'a text', read: (text) => text };

function readValue<Value>(option: Option, { expected, read }: Reader<Value>, text: string): Value {
  const flag = option.long ?? option.flags;
  const refuse = (problem: string): never => {
    throw new OutriderError('invalid_argument', `${flag}: ${problem}`, { option: flag, value: text });
  };
  try {
    return read(text) ?? refuse(`expected ${expected}, got '${text}'`);
  } catch (error) {
    if (error instanceof OutriderError && error.details.option !== flag) return refuse(error.message);
    throw error;
  }
}
