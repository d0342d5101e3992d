/** Reads request bodies: any content type, bounded as sent, as decompressed and in its nesting, strict UTF-8. */

import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { z } from 'zod';
import { isNestedTooDeep, MAX_NESTING } from '../text/json-nesting.js';
import { Failure } from './failure.js';

/** Decoders by name of the Content-Encoding. */
const DECODERS = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };

/**
 * The body's JSON under whatever content type it comes, as `curl -d` sends it; `undefined` for an empty body.
 * @throws Failure too_large, unsupported_encoding, invalid_request
 */
export async function readJson(request: Request, limitBytes: number): Promise<unknown> {
  const bytes = await readBytes(request, limitBytes);
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Failure('invalid_request', 'the body is not valid UTF-8');
  }
  if (text.trim() === '') return undefined;
  if (isNestedTooDeep(text)) {
    throw new Failure(
      'invalid_request',
      `the body: expected at most ${MAX_NESTING} levels of lists and objects within each other, got more; send it flatter`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('invalid_request', `the body is not valid JSON: ${(error as Error).message}`);
  }
}

/**
 * A body as its schema understands it.
 * @throws Failure invalid_request that names the field
 */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  if (value === undefined) throw new Failure('invalid_request', 'the body is empty; expected a JSON object');
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const parameter = issue?.path.map(String).join('.');
  throw new Failure('invalid_request', parameter ? `${parameter}: ${issue?.message}` : `${issue?.message}`, {
    parameter: parameter || undefined,
  });
}

async function readBytes(request: Request, limitBytes: number): Promise<Uint8Array> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > limitBytes) throw tooLarge(limitBytes);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of decoded(request, limitBytes)) {
    length += chunk.length;
    if (length > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** The body's chunks without their compression. */
async function* decoded(request: Request, limitBytes: number): AsyncGenerator<Uint8Array> {
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  const sent = bounded(request.body as ReadableStream<Uint8Array>, limitBytes);
  if (encoding === 'identity' || encoding === '') {
    yield* sent;
    return;
  }
  const decoder = DECODERS[encoding as keyof typeof DECODERS];
  if (!Object.hasOwn(DECODERS, encoding) || decoder === undefined) {
    throw new Failure(
      'unsupported_encoding',
      `content-encoding: expected one of identity, ${Object.keys(DECODERS).join(', ')}, got '${encoding}'`,
    );
  }
  const source = Readable.from(sent);
  const inflated = decoder();
  source.on('error', (error) => inflated.destroy(error));
  try {
    yield* source.pipe(inflated) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('invalid_request', `the body cannot be decompressed as ${encoding}: ${(error as Error).message}`);
  } finally {
    source.destroy();
    inflated.destroy();
  }
}

async function* bounded(body: ReadableStream<Uint8Array>, limitBytes: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limitBytes) throw tooLarge(limitBytes);
    yield chunk;
  }
}

function tooLarge(limitBytes: number): Failure {
  return new Failure('too_large', `the body is larger than the ${limitBytes} bytes that are allowed`);
}
