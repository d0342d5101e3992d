/** `outrider bench make-model`: a model of real cost with the function, and so the acceptance, of a small one. */
import { open, rename, rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { makeModel } from '../bench/make-model.js';
import { OutriderError } from '../errors.js';
import { EMBEDDED_DRAFT, EMBEDDED_TARGET } from './default-models.js';
import { integer, number, oneOf, type Reader, valueOption } from './options.js';
import type { Outputs } from './run.js';
import type { Surroundings } from './surroundings.js';

/** Shapes by name, for models made from the target (the smallest also from the draft). K-quants have blocks of 256. */
const SIZES = {
  '25m': { width: 512, layers: 6, feedForward: 1536, heads: 24 },
  '350m': { width: 1024, layers: 22, feedForward: 4096, heads: 24 },
  '1b': { width: 2048, layers: 18, feedForward: 7168, heads: 36 },
  '10b': { width: 4096, layers: 40, feedForward: 16384, heads: 60 },
} as const;

/** Those that are written without an importance matrix. */
const TYPES = [
  'f32',
  'f16',
  'bf16',
  'q8_0',
  'q4_0',
  'q4_1',
  'q5_0',
  'q5_1',
  'q2_K',
  'q3_K',
  'q4_K',
  'q5_K',
  'q6_K',
] as const;

interface MakeModelFlags {
  readonly from?: string;
  readonly size?: keyof typeof SIZES;
  readonly width?: number;
  readonly layers?: number;
  readonly feedForward?: number;
  readonly heads?: number;
  readonly type: string;
  readonly noise: number;
  readonly seed: number;
}

export function addMakeModel(command: Command, outputs: Outputs, surroundings: Surroundings): void {
  const count = integer({ from: 1, to: 1_000_000 });
  command
    .argument('<out>', 'the GGUF file to write')
    .description('Blows a small Llama up to a real size without changing what it writes.')
    .option('--from <path>', "'target', 'draft' (the embedded models) or a GGUF file in f32, f16 or q8_0", 'target')
    .option('--size <name>', `a shape by name: ${Object.keys(SIZES).join(', ')}`)
    .addOption(valueOption('--width <count>', 'channels', count))
    .addOption(valueOption('--layers <count>', 'blocks', count))
    .addOption(valueOption('--feed-forward <count>', 'channels of the feed-forward network', count))
    .addOption(valueOption('--heads <count>', 'heads of attention', count))
    .addOption(
      valueOption('--type <name>', `ggml's type of the matrices: ${TYPES.join(', ')}`, oneOf(TYPES)).default('q8_0'),
    )
    .addOption(
      valueOption(
        '--noise <sigma>',
        'noise on the weights, relative to their deviation: a worse model',
        notNegative,
      ).default(0),
    )
    .addOption(valueOption('--seed <number>', 'of the new weights and the noise', integer({ from: 0 })).default(1))
    .addHelpText('after', EXAMPLES)
    .action(async (out: string, flags: MakeModelFlags) => {
      const backend = await surroundings.openBackend({ env: surroundings.env });
      try {
        const shape = shapeOf(flags);
        await writtenWhole(out, (part) =>
          makeModel({ source: sourceOf(flags.from), out: part, shape, ...flags }, backend),
        );
        await outputs.err.write(`wrote ${out}\n`);
      } finally {
        backend.close();
      }
    });
}

const notNegative: Reader<number> = {
  expected: 'a number, at least 0',
  read: (text) => {
    const value = number.read(text);
    return value !== undefined && value >= 0 ? value : undefined;
  },
};

/** A file that cannot be written is told before minutes of work; one that was there stays until another is whole. */
async function writtenWhole(out: string, write: (part: string) => Promise<void>): Promise<void> {
  const part = `${out}.part`;
  const file = await open(part, 'w').catch((error: NodeJS.ErrnoException) => {
    throw new OutriderError('invalid_argument', `cannot write ${out} (${error.code})`, { path: out });
  });
  await file.close();
  try {
    await write(part);
    await rename(part, out);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function sourceOf(from = 'target'): string {
  return { target: EMBEDDED_TARGET, draft: EMBEDDED_DRAFT }[from] ?? from;
}

function shapeOf({ size, width, layers, feedForward, heads }: MakeModelFlags) {
  if (size !== undefined && !(size in SIZES)) {
    throw new OutriderError(
      'invalid_argument',
      `--size: expected one of ${Object.keys(SIZES).join(', ')}, got '${size}'`,
    );
  }
  const given = Object.entries({ width, layers, feedForward, heads }).filter(([, value]) => value !== undefined);
  return { ...(size && SIZES[size]), ...Object.fromEntries(given) };
}

const EXAMPLES = `
Examples:
  outrider bench make-model target-350m.gguf --size 350m --type q4_K
  outrider bench make-model draft-25m.gguf --from draft --size 25m
  outrider bench make-model hopeless.gguf --from draft --noise 2`;
