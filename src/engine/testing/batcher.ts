import { expect } from 'vitest';
import type { Row, Token } from '../../speculative/index.js';
import type { Context } from '../backend.js';
import { Batcher } from '../batcher.js';
import type { CachedSequence, SequenceOptions } from '../cached-sequence.js';
import { Cores } from '../cores.js';
import type { RowClass } from '../row-class.js';
import { StateStore } from '../state-store.js';
import type { FakeModel } from './fake-backend.js';
import { FAKE } from './fake-vocabulary.js';

/** A batcher whose clock stands still: the event loop gets a turn only so that other sequences can join. */
export function batcherOf(context: Context, rowClass: RowClass = { kind: 'free' }, store = new StateStore(0)): Batcher {
  return new Batcher({ context, cores: new Cores(8), rowClass, now: () => 0, store });
}

export function openSequence(
  batcher: Batcher,
  options: Partial<SequenceOptions> = {},
  text: readonly Token[] = [],
): CachedSequence {
  return batcher.open({ capacity: 1024, promptLength: 0, ...options }, text);
}

/** Some text tokens; different ones for every `start`. */
export function someTokens(count: number, start = 0): Token[] {
  return Array.from({ length: count }, (_, i) => FAKE.firstByte + ((start * 37 + i * 11) % 256));
}

/** To be called as `read`: copies of the rows, which are only lent. */
export function copyRows(rows: readonly Row[]): Row[] {
  return rows.map((row) => row.slice());
}

/** That `rows` are bit for bit the logits after the last tokens of `tokens`, as a fresh evaluation of these gives them. */
export function expectRows(rows: readonly Row[], model: FakeModel, tokens: readonly Token[]): void {
  rows.forEach((row, i) => {
    const end = tokens.length - rows.length + 1 + i;
    if (sameBits(row, model.logitsAfter(tokens.slice(0, end)))) return;
    expect.fail(`row ${i} of ${rows.length} is not that of the first ${end} of ${tokens.length} tokens`);
  });
}

export function sameBits(a: Row, b: Row): boolean {
  const bytes = (row: Row): Buffer => Buffer.from(row.buffer, row.byteOffset, row.byteLength);
  return bytes(a).equals(bytes(b));
}

/** A gate for passes on another thread: those that began wait until it opens. */
export class Gate {
  /** To be given to a fake model as `elsewhere`. */
  readonly elsewhere: () => Promise<void>;
  /** Resolves when a pass has begun. */
  readonly reached: Promise<void>;
  open: () => void = () => {};

  constructor() {
    let reach = (): void => {};
    this.reached = new Promise((resolve) => {
      reach = resolve;
    });
    const opened = new Promise<void>((resolve) => {
      this.open = resolve;
    });
    this.elsewhere = () => {
      reach();
      return opened;
    };
  }
}
