/** Split models: any part, parts behind links, and what cannot work (shimmy#170, llama.cpp#9613, unsloth PR#7273). */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContextOptions, EngineOptions } from '../../src/engine/index.js';
import { openBackend } from '../../src/llama/index.js';
import type { Token } from '../../src/speculative/index.js';
import { answer } from './testing/answer.js';
import { DRAFT, loadPair, MAIN } from './testing/pair.js';
import { Variants } from './testing/variants.js';

let variants: Variants;
/** The parts of target and draft, first and second. */
let target: readonly [string, string];
let draft: readonly [string, string];
let whole: readonly Token[];

beforeAll(async () => {
  variants = await Variants.create();
  target = (await variants.split(MAIN, 'target.gguf', 2)) as [string, string];
  draft = (await variants.split(DRAFT, 'draft.gguf', 2)) as [string, string];
  whole = await tale({});
});
afterAll(() => variants.remove());

/** What a pair writes. */
async function tale(options: Partial<EngineOptions>): Promise<readonly Token[]> {
  const engine = await loadPair({ ...options, contextSize: 256 });
  const prompt = { text: 'Once upon a time' };
  const { finish } = await answer(engine, { prompt, mode: 'main', maxTokens: 24, sampling: { temperature: 0 } });
  await engine.close();
  return finish.tokens;
}

/** A folder as a download cache makes it: names that link to contents under the hash of each. */
async function linkedCache(name: string, parts: readonly string[]): Promise<readonly string[]> {
  await mkdir(variants.path(`${name}/blobs`), { recursive: true });
  await mkdir(variants.path(`${name}/snapshot`));
  return Promise.all(
    parts.map(async (part) => {
      const hash = createHash('sha256').update(part).digest('hex');
      await copyFile(part, variants.path(`${name}/blobs/${hash}`));
      const link = variants.path(`${name}/snapshot/${basename(part)}`);
      await symlink(`../blobs/${hash}`, link);
      return link;
    }),
  );
}

describe('a split model', () => {
  it.each([0, 1] as const)('writes the text of the whole, whichever part is named (%i)', async (part) => {
    expect(await tale({ target: target[part], drafts: [draft[part]] })).toEqual(whole);
  });

  it.skipIf(process.platform === 'win32')('may lie behind links to names that say nothing', async () => {
    const [linkedTarget, linkedDraft] = await Promise.all([linkedCache('a', target), linkedCache('b', draft)]);
    expect(await tale({ target: linkedTarget[0]!, drafts: [linkedDraft[1]!] })).toEqual(whole);
  });

  it('is called by its name without the part, and as large as all of it', async () => {
    const engine = await loadPair({ target: target[0], drafts: [] });
    expect(engine.models.target.name).toBe('target');
    await engine.close();
    const backend = await openBackend();
    const context: ContextOptions = {
      tokensPerSequence: 256,
      sequences: 1,
      batch: 256,
      outputs: 1,
      microBatch: 256,
      threads: 1,
    };
    const [split, one] = await Promise.all(
      [target[0], MAIN].map((path) => backend.estimate(path, { on: 'cpu' }, context)),
    );
    expect(split).toEqual(one);
    backend.close();
  });
});

describe('what cannot be loaded is refused in one line that names the file', () => {
  /** A copy of the parts in a folder of its own. */
  async function copies(name: string): Promise<readonly [string, string]> {
    await mkdir(variants.path(name));
    const paths = target.map((part) => variants.path(`${name}/${basename(part)}`));
    await Promise.all(target.map((part, i) => copyFile(part, paths[i]!)));
    return paths as [string, string];
  }

  /** Why a file is refused, as a target and as a draft alike. */
  async function refusal(path: string): Promise<unknown> {
    const reasonOf = (options: Partial<EngineOptions>): Promise<unknown> =>
      loadPair(options).then(
        (engine) => engine.close(),
        (error: unknown) => error,
      );
    const [asTarget, asDraft] = [await reasonOf({ target: path }), await reasonOf({ drafts: [path] })];
    expect(asTarget).toMatchObject({ name: 'OutriderError', message: expect.not.stringContaining('\n') });
    expect(asDraft).toEqual(asTarget);
    return asTarget;
  }

  it('a missing part', async () => {
    const [first] = target;
    await mkdir(variants.path('missing'));
    const only = variants.path(`missing/${basename(first)}`);
    await copyFile(first, only);
    expect(await refusal(only)).toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('target-00002-of-00002.gguf'),
    });
  });

  it('an empty part', async () => {
    const [first, second] = await copies('empty');
    await truncate(second, 0);
    for (const path of [first, second]) {
      expect(await refusal(path)).toMatchObject({ code: 'model_invalid', message: expect.stringContaining(second) });
    }
  });

  it('a part that was cut off', async () => {
    const [first, second] = await copies('cut');
    await truncate(second, 100_000);
    expect(await refusal(first)).toMatchObject({ code: 'model_invalid', message: expect.stringContaining('cut') });
  });

  it('parts that were glued', async () => {
    const glued = variants.path('glued.gguf');
    await writeFile(glued, Buffer.concat(await Promise.all(target.map((part) => readFile(part)))));
    expect(await refusal(glued)).toMatchObject({ code: 'model_invalid', message: expect.stringContaining(glued) });
  });

  it('a part under another name', async () => {
    const renamed = variants.path('x.gguf');
    await copyFile(target[0], renamed);
    expect(await refusal(renamed)).toMatchObject({ code: 'model_invalid', message: expect.stringContaining(renamed) });
  });

  it('a part of another model', async () => {
    const [first, second] = await copies('mixed');
    await copyFile(draft[1], second);
    expect(await refusal(first)).toMatchObject({ code: 'model_invalid' });
  });

  it.skipIf(process.platform === 'win32')('links that lead back to themselves', async () => {
    const [one, other] = [variants.path('one.gguf'), variants.path('other.gguf')];
    await symlink(one, other);
    await symlink(other, one);
    expect(await refusal(one)).toMatchObject({ code: 'model_not_found', message: expect.stringContaining(one) });
  });

  it('a folder, and nothing at all', async () => {
    for (const path of [variants.folder, variants.path('nothing.gguf')]) {
      expect(await refusal(path)).toMatchObject({ code: 'model_not_found', message: expect.stringContaining(path) });
    }
  });
});
