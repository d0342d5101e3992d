import type { FinishEvent } from '../engine/events.js';

/** What all answers of a chat took. */
export class ChatTotals {
  #answers = 0;
  #tokens = 0;
  #ms = 0;
  #promptTokens = 0;
  #cachedTokens = 0;

  add({ completionTokens, promptTokens, cachedTokens = 0, timings }: FinishEvent): void {
    this.#answers += 1;
    this.#tokens += completionTokens;
    this.#ms += timings.promptMs + timings.predictedMs;
    this.#promptTokens += promptTokens;
    this.#cachedTokens += cachedTokens;
  }

  get line(): string {
    const evaluated = this.#promptTokens - this.#cachedTokens;
    return (
      `this chat: ${this.#answers} answer${this.#answers === 1 ? '' : 's'}, ${this.#tokens} tokens in ${(this.#ms / 1000).toFixed(1)} s; ` +
      `of ${this.#promptTokens} tokens of its prompts ${evaluated} were evaluated, the others were still in the cache`
    );
  }
}

/** An answer in one line: how much, how fast, with which drafts, by whom where that was decided. */
export function summaryLine({ completionTokens, timings, statistics, reason, route }: FinishEvent): string {
  const { drafted, accepted } = statistics;
  const { predictedPerSecond } = timings;
  return [
    `${completionTokens} token${completionTokens === 1 ? '' : 's'}`,
    ...(predictedPerSecond === null ? [] : [`${predictedPerSecond.toFixed(1)} tokens/s`]),
    ...(drafted === 0 ? [] : [`${accepted} of ${drafted} drafted tokens accepted`]),
    ...(route === undefined ? [] : [`${route.to}: ${route.reason}`]),
    ...(reason === 'stop' ? [] : [reason === 'aborted' ? 'stopped' : 'cut off by the limit']),
  ].join(', ');
}
