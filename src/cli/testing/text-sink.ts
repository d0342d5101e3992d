import { Writable } from 'node:stream';
import type { TextSink } from '../surroundings.js';

/** A stream that keeps what is written, as a terminal, a pipe or a pipe whose reader has left. */
export class RecordingSink extends Writable implements TextSink {
  readonly isTTY: boolean;
  text = '';
  /** Fails every write from now on with this code. */
  failure: string | undefined;

  constructor({ isTTY = false }: { isTTY?: boolean } = {}) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.failure !== undefined) {
      done(Object.assign(new Error(`write ${this.failure}`), { code: this.failure }));
      return;
    }
    this.text += chunk.toString('utf8');
    done();
  }
}
