import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutriderError } from '../errors.js';
import { resolveModelFiles } from './files.js';

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'тест ü ~ -')));
  await writeFile(at('whole.gguf'), 'x'.repeat(10));
  await writeFile(at('t-00001-of-00002.gguf'), 'x'.repeat(3));
  await writeFile(at('t-00002-of-00002.gguf'), 'x'.repeat(4));
  await writeFile(at('gap-00001-of-00003.gguf'), 'x');
  await writeFile(at('gap-00003-of-00003.gguf'), 'x');
  await writeFile(at('hollow-00001-of-00002.gguf'), 'x');
  await writeFile(at('hollow-00002-of-00002.gguf'), '');
  await writeFile(at('empty.gguf'), '');
  await mkdir(at('blobs'));
  await mkdir(at('snapshot'));
  for (const part of [1, 2]) {
    await writeFile(at(`blobs/hash${part}`), 'x'.repeat(part));
    await symlink(`../blobs/hash${part}`, at(`snapshot/s-0000${part}-of-00002.gguf`));
  }
  await symlink('t-00001-of-00002.gguf', at('short-name.gguf'));
  await symlink('loop-b.gguf', at('loop-a.gguf'));
  await symlink('loop-a.gguf', at('loop-b.gguf'));
});

afterAll(() => rm(folder, { recursive: true }));

describe('resolveModelFiles', () => {
  it('takes one file as it is', async () => {
    expect(await resolveModelFiles(at('whole.gguf'))).toEqual({ paths: [at('whole.gguf')], sizeBytes: 10 });
  });

  it.each(['t-00001-of-00002.gguf', 't-00002-of-00002.gguf', 'short-name.gguf'])(
    'finds both parts from %s and sums their sizes',
    async (name) => {
      const files = await resolveModelFiles(at(name));
      expect(files).toEqual({ paths: [at('t-00001-of-00002.gguf'), at('t-00002-of-00002.gguf')], sizeBytes: 7 });
    },
  );

  it('finds the parts of a download cache by the names of the links', async () => {
    const files = await resolveModelFiles(at('snapshot/s-00002-of-00002.gguf'));
    expect(files.paths).toEqual([at('snapshot/s-00001-of-00002.gguf'), at('snapshot/s-00002-of-00002.gguf')]);
    expect(files.sizeBytes).toBe(3);
  });

  it.each([
    ['missing.gguf', 'missing.gguf', 'model_not_found', /no such file/],
    ['', '', 'model_not_found', /folder/],
    ['loop-a.gguf', 'loop-a.gguf', 'model_not_found', /back to itself/],
    ['empty.gguf', 'empty.gguf', 'model_invalid', /empty/],
    ['whole.gguf/x', 'whole.gguf/x', 'model_not_found', /no folder/],
    ['gap-00003-of-00003.gguf', 'gap-00002-of-00003.gguf', 'model_not_found', /no such file; part 2 of the 3/],
    ['hollow-00001-of-00002.gguf', 'hollow-00002-of-00002.gguf', 'model_invalid', /empty/],
  ])('refuses %j in one line that names %j', async (name, culprit, code, words) => {
    const error: unknown = await resolveModelFiles(at(name)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OutriderError);
    expect(error).toMatchObject({ code, details: { path: at(culprit) }, message: expect.stringMatching(words) });
    expect((error as OutriderError).message.startsWith(at(culprit))).toBe(true);
    expect((error as OutriderError).message).not.toContain('\n');
  });
});
