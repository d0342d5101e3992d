import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { OutriderError } from '../errors.js';
import type { TextSource } from './surroundings.js';

/** No model's context comes near; what is longer is a mistake (`/dev/zero`). */
const MAX_PROMPT_BYTES = 64 * 2 ** 20;

export interface PromptSources {
  readonly argument: string | undefined;
  readonly file: string | undefined;
  readonly stdin: TextSource;
  /** Ends the wait for standard input. */
  readonly signal: AbortSignal;
}

/**
 * The prompt: the argument, else the file, else all of standard input. Of what is read one line end is dropped from the
 * end, since editors and `echo` put it there; a byte order mark too.
 * @throws OutriderError invalid_argument where there is none or more than one, it cannot be read, is no UTF-8 or too
 * long; aborted
 */
export async function readPrompt({ argument, file, stdin, signal }: PromptSources): Promise<string> {
  if (argument !== undefined && file !== undefined) {
    throw refusal('expected a prompt as argument or with --file, got both');
  }
  if (argument !== undefined) return argument;
  if (file !== undefined) return decode(await readAll(createReadStream(file), file, signal), file);
  const example = 'outrider run "Count from 1 to 20." --chat';
  if (stdin.isTTY === true)
    throw refusal(`no prompt: give one as argument, with --file or on standard input, as in: ${example}`);
  const bytes = await readAll(stdin, 'standard input', signal);
  if (bytes.length === 0) throw refusal(`no prompt: standard input is empty; try: ${example}`);
  return decode(bytes, 'standard input');
}

async function readAll(stream: Readable, name: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of addAbortSignal(signal, stream)) {
      chunks.push(Buffer.from(chunk));
      length += chunk.length;
      if (length > MAX_PROMPT_BYTES) break;
    }
  } catch (error) {
    if (signal.aborted) throw new OutriderError('aborted', 'interrupted while reading the prompt');
    throw refusal(`cannot read the prompt from ${name} (${(error as NodeJS.ErrnoException).code})`);
  }
  if (length > MAX_PROMPT_BYTES) throw refusal(`the prompt from ${name} is longer than ${MAX_PROMPT_BYTES} bytes`);
  return Buffer.concat(chunks);
}

function decode(bytes: Buffer, name: string): string {
  if (!isUtf8(bytes)) throw refusal(`${name}: expected UTF-8, got something else from byte ${firstBadByte(bytes)} on`);
  return bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '');
}

/** Decoding replaces what is no UTF-8, so encoding again first differs where it begins. */
function firstBadByte(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'));
  return bytes.findIndex((byte, i) => byte !== again[i]);
}

function refusal(message: string): OutriderError {
  return new OutriderError('invalid_argument', message);
}
