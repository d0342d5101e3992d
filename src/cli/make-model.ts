/** `outrider bench make-model`: a model of real cost with the function, and so the acceptance, of a small one. */
import type { Command } from 'commander';
import { makeModel } from '../bench/make-model.js';
import { OutriderError } from '../errors.js';
import { EMBEDDED_DRAFT, EMBEDDED_TARGET } from './default-models.js';
import { integer, number, valueOption } from './options.js';
import type { Outputs } from './run.js';
import type { Surroundings } from './surroundings.js';

/** Shapes by name: what the parameters of a Llama of about that size are, with heads of 64. */
const SIZES = {
  '25m': { width: 384, layers: 12, feedForward: 1280, heads: 6 },
  '350m': { width: 1024, layers: 24, feedForward: 4096, heads: 18 },
  '1b': { width: 2048, layers: 18, feedForward: 7168, heads: 33 },
  '10b': { width: 4096, layers: 40, feedForward: 16384, heads: 63 },
} as const;

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
    .option('--type <name>', "ggml's type of the matrices: q8_0, f16, q4_0, q4_K, ...", 'q8_0')
    .addOption(
      valueOption(
        '--noise <sigma>',
        'noise on the weights, relative to their deviation: a worse model',
        number,
      ).default(0),
    )
    .addOption(valueOption('--seed <number>', 'of the new weights and the noise', integer({ from: 0 })).default(1))
    .addHelpText('after', EXAMPLES)
    .action(async (out: string, flags: MakeModelFlags) => {
      const backend = await surroundings.openBackend({ env: surroundings.env });
      try {
        await makeModel({ source: sourceOf(flags.from), out, shape: shapeOf(flags), ...flags }, backend);
        await outputs.err.write(`wrote ${out}\n`);
      } finally {
        backend.close();
      }
    });
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
