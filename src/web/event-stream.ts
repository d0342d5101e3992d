/** Reads server-sent events from a fetched body: EventSource can neither POST nor send a key. */

/** Many events may come at once, each of them work: others get their turn this often, in milliseconds. */
const MOST_BUSY_MS = 8;

/**
 * The data of each event, parsed as JSON; comments and `[DONE]` are left out. Ends with the body; an event that the
 * end cuts off is dropped, as the standard wants it.
 * @throws SyntaxError for data that is not JSON, and whatever reading the body throws
 */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown, void, void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  const parser = new EventParser();
  let busySince = performance.now();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      for (const data of parser.push(step.value)) {
        if (performance.now() - busySince > MOST_BUSY_MS) {
          await new Promise((resolve) => setTimeout(resolve));
          busySince = performance.now();
        }
        if (data !== '[DONE]') yield JSON.parse(data);
      }
    }
  } finally {
    // A body that has failed has nothing left to cancel.
    await reader.cancel().catch(() => {});
  }
}

/** Splits text that comes in any pieces into events, and gives the data of each. */
export class EventParser {
  #rest = '';
  #data: string[] = [];

  *push(text: string): Generator<string, void, void> {
    // A carriage return at the end may be the first half of a line's end.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop()!;
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) yield this.#data.join('\n');
        this.#data = [];
      } else if (line.startsWith('data:')) this.#data.push(line.slice(line[5] === ' ' ? 6 : 5));
    }
  }
}
