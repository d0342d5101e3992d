import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GgufChanges, type GgufEntry, type LlamaBackend, openBackend } from './index.js';
import { type ChildResult, runChild } from './testing/run-child.js';

const SOURCE = 'models/draft-f16.gguf';

type Edit = (file: Buffer) => Buffer | undefined;
const uint32 = (value: number): GgufEntry => ({ type: 'uint32', value });
const float32 = (value: number): GgufEntry => ({ type: 'float32', value });
const set = (key: string, entry: GgufEntry): GgufChanges => ({ set: { [key]: entry } });
const patched =
  (patch: (file: Buffer) => unknown): Edit =>
  (file) => {
    patch(file);
    return file;
  };

/** Where the first key's type stands: behind magic, version, two counts and the key. */
const firstType = (file: Buffer) => 24 + 8 + Number(file.readBigUInt64LE(24));
const afterName = (file: Buffer, name: string) => file.indexOf(name) + name.length;
const EMBEDDINGS = 'token_embd.weight';
const TOKENS = 'tokenizer.ggml.tokens';

/** Bytes changed in place. */
const EDITS: Record<string, Edit> = {
  empty: () => Buffer.alloc(0),
  'one byte': (file) => file.subarray(0, 1),
  'magic only': (file) => file.subarray(0, 4),
  'a picture': () => Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1'),
  'an older format': patched((file) => file.write('ggjt')),
  'version 0': patched((file) => file.writeUInt32LE(0, 4)),
  'version 99': patched((file) => file.writeUInt32LE(99, 4)),
  'the other byte order': patched((file) => file.writeUInt32BE(3, 4)),
  'tensor count -1': patched((file) => file.writeBigInt64LE(-1n, 8)),
  'tensor count 2^62': patched((file) => file.writeBigInt64LE(2n ** 62n, 8)),
  'key count 2^62': patched((file) => file.writeBigInt64LE(2n ** 62n, 16)),
  'one key only': patched((file) => file.writeBigInt64LE(1n, 16)),
  'key length 2^62': patched((file) => file.writeBigInt64LE(2n ** 62n, 24)),
  'key type 99': patched((file) => file.writeUInt32LE(99, firstType(file))),
  'text length 2^31': patched((file) => file.writeBigInt64LE(2n ** 31n, firstType(file) + 4)),
  'array of arrays': patched((file) => file.writeUInt32LE(9, afterName(file, TOKENS) + 4)),
  'array length 2^61': patched((file) => file.writeBigInt64LE(2n ** 61n, afterName(file, TOKENS) + 8)),
  'no dimensions': patched((file) => file.writeUInt32LE(0, afterName(file, EMBEDDINGS))),
  'five dimensions': patched((file) => file.writeUInt32LE(5, afterName(file, EMBEDDINGS))),
  'a length of 0': patched((file) => file.writeBigInt64LE(0n, afterName(file, EMBEDDINGS) + 4)),
  'a length of -1': patched((file) => file.writeBigInt64LE(-1n, afterName(file, EMBEDDINGS) + 4)),
  'a length of 2^62': patched((file) => file.writeBigInt64LE(2n ** 62n, afterName(file, EMBEDDINGS) + 4)),
  'tensor type 200': patched((file) => file.writeUInt32LE(200, afterName(file, EMBEDDINGS) + 20)),
  'whole numbers for weights': patched((file) => file.writeUInt32LE(25, afterName(file, EMBEDDINGS) + 20)),
  'an offset beyond the end': patched((file) => file.writeBigInt64LE(2n ** 40n, afterName(file, EMBEDDINGS) + 24)),
  'cut in the header': (file) => file.subarray(0, 5000),
  'cut before the weights': (file) => file.subarray(0, file.length / 10),
  'cut in the weights': (file) => file.subarray(0, file.length - 100),
  'zeros behind the magic': patched((file) => file.fill(0, 4)),
};

/** Metadata and tensors that a reader accepts. */
const CHANGES: Record<string, GgufChanges> = {
  'no architecture': { remove: ['general.architecture'] },
  'a number for the architecture': set('general.architecture', uint32(5)),
  'an unknown architecture': set('general.architecture', { type: 'string', value: 'nonsense' }),
  'an image encoder': set('general.architecture', { type: 'string', value: 'clip' }),
  'an adapter': set('general.type', { type: 'string', value: 'adapter' }),
  'a vocabulary only': { tensors: () => [] },
  'a missing tensor': {
    tensors: (source) => source.slice(1).map((tensor) => ({ ...tensor, data: 'copy' })),
  },
  'normalisation in 4 bits': {
    tensors: (source) =>
      source.map((tensor) =>
        tensor.name === 'output_norm.weight'
          ? { ...tensor, type: 'q4_0', data: (row) => row.fill(1) }
          : { ...tensor, data: 'copy' },
      ),
  },
  'no layers': set('llama.block_count', uint32(0)),
  'a million layers': set('llama.block_count', uint32(1_000_000)),
  'no heads': set('llama.attention.head_count', uint32(0)),
  'a negative epsilon': set('llama.attention.layer_norm_rms_epsilon', float32(-1)),
  'an epsilon that is no number': set('llama.attention.layer_norm_rms_epsilon', float32(Number.NaN)),
  'experts that nobody uses': set('llama.expert_count', uint32(4)),
  'more experts used than there are': set('llama.expert_used_count', uint32(4)),
  'more predicted layers than layers': set('llama.nextn_predict_layers', uint32(3)),
  'no tokenizer': set('tokenizer.ggml.model', { type: 'string', value: 'none' }),
  'a tokenizer of another task': set('tokenizer.ggml.model', { type: 'string', value: 'bert' }),
  'an unknown tokenizer': set('tokenizer.ggml.model', { type: 'string', value: 'zzz' }),
  'no tokens': { remove: [TOKENS] },
  'one token again and again': set(TOKENS, { type: 'array', of: 'string', values: Array(4096).fill('a') }),
  'no byte tokens': set(TOKENS, {
    type: 'array',
    of: 'string',
    values: Array.from({ length: 4096 }, (_, i) => `token ${i}`),
  }),
  'fewer tokens than embeddings': set(TOKENS, { type: 'array', of: 'string', values: ['a', 'b'] }),
};

let backend: LlamaBackend;
let folder: string;
const paths = new Map<string, string>();
let child: ChildResult;
let outcomes: Map<string, unknown>;

beforeAll(async () => {
  backend = await openBackend();
  folder = await mkdtemp(join(tmpdir(), 'outrider-damaged-'));
  const source = await readFile(SOURCE);
  const place = (name: string) => {
    const path = join(folder, `${name}.gguf`);
    paths.set(name, path);
    return path;
  };
  for (const [name, edit] of Object.entries(EDITS)) {
    await writeFile(place(name), edit(Buffer.from(source)) ?? source);
  }
  for (const [name, changes] of Object.entries(CHANGES)) await backend.rewriteGguf(SOURCE, place(name), changes);
  place('missing');
  await mkdir(place('a folder'));
  await symlink(join(folder, 'loop b.gguf'), place('loop a'));
  await symlink(join(folder, 'loop a.gguf'), join(folder, 'loop b.gguf'));
  paths.set('below a file', join(folder, 'empty.gguf', 'x.gguf'));
  paths.set('a home that nobody expands', '~/model.gguf');

  child = await runChild('./load-files.ts', [...paths.values()]);
  const lines = child.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { path: string; outcome?: unknown });
  outcomes = new Map(lines.map(({ path, outcome }) => [path, outcome]));
});
afterAll(async () => {
  backend.close();
  await rm(folder, { recursive: true });
});

const NAMES = [
  ...Object.keys(EDITS),
  ...Object.keys(CHANGES),
  ...['missing', 'a folder', 'loop a', 'below a file', 'a home that nobody expands'],
];

test.each(NAMES)('%s: refused in one line that names the file', (name) => {
  const path = paths.get(name)!;
  expect(outcomes.get(path)).toEqual({ code: expect.stringMatching(/^model_/), message: expect.any(String) });
  const { message } = outcomes.get(path) as { message: string };
  expect(message).toContain(path);
  expect(message).not.toContain('\n');
});

test('the process survived them all, and llama.cpp printed nothing', () => {
  expect(child).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test('messages say what is wrong', () => {
  const messageOf = (name: string) => (outcomes.get(paths.get(name)!) as { message: string }).message;
  expect(messageOf('missing')).toMatch(/no such file/);
  expect(messageOf('a folder')).toMatch(/is a folder/);
  expect(messageOf('loop a')).toMatch(/links form a loop/);
  expect(messageOf('a home that nobody expands')).toMatch(/"~" is not expanded/);
  expect(messageOf('empty')).toMatch(/is empty/);
  expect(messageOf('a picture')).toMatch(/is no GGUF file/);
  expect(messageOf('cut in the weights')).toMatch(/truncated: \d+ of \d+ bytes/);
  expect(messageOf('a vocabulary only')).toMatch(/vocabulary only/);
  expect(messageOf('an unknown architecture')).toMatch(/unknown model architecture: 'nonsense'/);
});
