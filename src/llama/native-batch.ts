import koffi from 'koffi';
import type { BatchRows } from '../engine/backend.js';
import type { llama_batch } from './abi/v0.5.0/index.js';

/**
 * A llama_batch whose C arrays are memory of ours. An ArrayBuffer does not move, so addresses taken once hold as long
 * as this object: rows are written without a call, and views that outlive the context stay harmless.
 */
export class NativeBatch implements BatchRows {
  readonly token: Int32Array;
  readonly position: Int32Array;
  readonly sequence: Int32Array;
  readonly output: Int8Array;
  /** One sequence a row; a row with none ends the process. */
  readonly sequenceCounts: Int32Array;
  /** For each row, the address of its entry in `sequence`. */
  readonly sequenceLists: BigUint64Array;
  /** To be passed by value; set `n_tokens` before. */
  readonly struct: llama_batch;

  constructor(rows: number) {
    const ints = () => new Int32Array(new ArrayBuffer(rows * Int32Array.BYTES_PER_ELEMENT));
    this.token = ints();
    this.position = ints();
    this.sequence = ints();
    this.output = new Int8Array(new ArrayBuffer(rows));
    this.sequenceCounts = ints().fill(1);
    this.sequenceLists = new BigUint64Array(new ArrayBuffer(rows * BigUint64Array.BYTES_PER_ELEMENT));
    const sequence = koffi.address(this.sequence.buffer);
    for (let i = 0; i < rows; i++) this.sequenceLists[i] = sequence + BigInt(i * Int32Array.BYTES_PER_ELEMENT);
    this.struct = {
      n_tokens: 0,
      token: koffi.address(this.token.buffer),
      embd: null,
      pos: koffi.address(this.position.buffer),
      n_seq_id: koffi.address(this.sequenceCounts.buffer),
      seq_id: koffi.address(this.sequenceLists.buffer),
      logits: koffi.address(this.output.buffer),
    };
  }
}
