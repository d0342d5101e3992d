import type { Token } from '../distribution.js';
import type { DraftRequest } from '../drafter.js';

/** Asks a drafter for as much as there is room for, whatever it costs. */
export function draftRequest(context: readonly Token[], room: number, more: Partial<DraftRequest> = {}): DraftRequest {
  const length = {
    wants: ({ length: drafted }: readonly number[]) => drafted < room,
    admits: () => true,
    keep: ({ length: drafted }: readonly number[]) => drafted,
  };
  const affordable = Number.POSITIVE_INFINITY;
  return { context, prefix: [], rule: 'matching', room, affordable, length, signal: undefined, ...more };
}
