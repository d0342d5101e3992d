import { OutriderError } from '../errors.js';
import type { Token } from '../speculative/index.js';

/** @throws OutriderError invalid_argument (with `details.parameter`), always: a value of a request is not what was expected */
export function refuse(parameter: string, expected: string, got: unknown): never {
  throw new OutriderError('invalid_argument', `${parameter}: expected ${expected}, got ${JSON.stringify(got) ?? got}`, {
    parameter,
  });
}

/** @throws OutriderError invalid_argument where one is no token of a vocabulary of this size */
export function refuseStrangers(parameter: string, tokens: Iterable<Token>, size: number): void {
  for (const token of tokens) {
    if (!(Number.isInteger(token) && token >= 0 && token < size)) {
      refuse(parameter, `token ids from 0 to ${size - 1}`, token);
    }
  }
}
