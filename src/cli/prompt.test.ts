import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPrompt } from './prompt.js';
import type { TextSource } from './surroundings.js';

const never = new AbortController().signal;
const bytes = (...parts: readonly (string | number[])[]): TextSource =>
  Readable.from(parts.map((part) => Buffer.from(part as string)));
const piped = (stdin: TextSource): Promise<string> =>
  readPrompt({ argument: undefined, file: undefined, stdin, signal: never });

describe('readPrompt', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrider-тест 目录-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const fromFile = async (content: string | Buffer): Promise<string> => {
    const file = join(folder, 'prompt.txt');
    await writeFile(file, content);
    return readPrompt({ argument: undefined, file, stdin: bytes(), signal: never });
  };

  it('takes the argument as it is and leaves standard input alone', async () => {
    const stdin = bytes('other');
    expect(await readPrompt({ argument: 'a\n', file: undefined, stdin, signal: never })).toBe('a\n');
    expect(stdin.readableDidRead).toBe(false);
  });

  it('reads standard input to its end, characters cut by chunks included', async () => {
    expect(await piped(bytes('gr', [0xc3], [0xb6], 'ße\n'))).toBe('größe');
  });

  it('drops one line end and a byte order mark', async () => {
    expect(await fromFile('a\r\n')).toBe('a');
    expect(await fromFile('a\n\n')).toBe('a\n');
    expect(await fromFile('\uFEFFa')).toBe('a');
    expect(await fromFile('')).toBe('');
  });

  it('says at which byte UTF-8 ends', async () => {
    await expect(piped(bytes('abc', [0xff, 0x61]))).rejects.toThrow(
      'standard input: expected UTF-8, got something else from byte 3 on',
    );
    await expect(fromFile(Buffer.from([0x61, 0xf0, 0x9f, 0x98]))).rejects.toThrow('from byte 1 on');
    await expect(piped(bytes('\uFFFD', [0x80]))).rejects.toThrow('from byte 3 on');
  });

  it('finds the first bad byte behind any good text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async (good) => {
        const offset = Buffer.byteLength(good);
        await expect(piped(bytes(good, [0xfe]))).rejects.toThrow(`from byte ${offset} on`);
      }),
    );
  });

  it('refuses two prompts, none, and what cannot be read', async () => {
    const both = readPrompt({ argument: 'a', file: 'b', stdin: bytes(), signal: never });
    await expect(both).rejects.toThrow('got both');
    await expect(piped(bytes())).rejects.toThrow('standard input is empty');
    await expect(piped(Object.assign(bytes('x'), { isTTY: true }))).rejects.toThrow(/no prompt.*outrider run "/);
    const read = (file: string) => readPrompt({ argument: undefined, file, stdin: bytes(), signal: never });
    await expect(read(join(folder, 'missing'))).rejects.toThrow(/cannot read .*missing \(ENOENT\)/);
    await expect(read(folder)).rejects.toThrow('(EISDIR)');
  });

  it('stops reading what never ends', async () => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(2 ** 24, 'a'));
      },
    });
    await expect(piped(endless)).rejects.toThrow('longer than 67108864 bytes');
    expect(endless.destroyed).toBe(true);
  });

  it('ends the wait for standard input with the signal', async () => {
    const interrupt = new AbortController();
    const waiting = readPrompt({
      argument: undefined,
      file: undefined,
      stdin: new PassThrough(),
      signal: interrupt.signal,
    });
    interrupt.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  });
});
