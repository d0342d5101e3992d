import type { Command } from 'commander';
import { ADAPTIVE, PLAIN, POLICIES, type Policy } from '../bench/policies.js';
import type { BenchPlan } from '../bench/runner.js';
import { WORKLOADS, type Workload } from '../bench/workloads.js';
import { addModelFlags, type ModelFlags } from './model-flags.js';
import { anyText, integer, listOption, type Reader, valueOption } from './options.js';

export interface BenchFlags extends ModelFlags {
  readonly quick?: true;
  readonly workloads?: readonly Workload[];
  readonly policies?: readonly Policy[];
  readonly predict?: number;
  readonly repetitions?: number;
  readonly minutes?: number;
  readonly seed: number;
  readonly hopelessDraft?: string;
  readonly guards?: true;
  readonly against?: readonly string[];
  readonly againstGrid?: true;
  readonly json?: true;
  readonly html?: string;
}

/** Some five minutes on the embedded pair. */
const FULL = {
  workloads: WORKLOADS,
  policies: POLICIES,
  tokens: 256,
  repetitions: 9,
  enoughMs: Number.POSITIVE_INFINITY,
  oracleMs: 20_000,
};
/** Under 50 s on the embedded pair, and still six repetitions: fewer have no 95 % interval (interval.ts). */
const QUICK = {
  workloads: named(WORKLOADS, 'counting,json,code,copying,question,chat,prose-0,prose-1,mix,hopeless'.split(',')),
  policies: named(POLICIES, ['adaptive', 'llama']),
  tokens: 96,
  repetitions: 9,
  enoughMs: 40_000,
  oracleMs: 200,
};

export function addBenchFlags(command: Command): Command {
  const workloads = WORKLOADS.map(({ name }) => name);
  const policies = POLICIES.filter((policy) => policy !== PLAIN).map(({ name }) => name);
  command.optionsGroup('What is run:');
  command.option('--quick', 'under a minute: short texts, fewer workloads and policies, as many repetitions as fit');
  command.addOption(valueOption('--workloads <names>', `some of ${workloads.join(', ')}`, someOf(WORKLOADS)));
  command.addOption(
    valueOption('--policies <names>', `beside plain: some of ${policies.join(', ')}`, someOf(POLICIES)),
  );
  const count = integer({ from: 1 });
  command.addOption(
    valueOption('-n, --predict <count>', "tokens of each workload's answers together (256)", integer({ from: 16 })),
  );
  command.addOption(valueOption('--repetitions <count>', 'warm ones, after the cold pass (9)', count));
  command.addOption(valueOption('--minutes <count>', 'no repetition begins that would end later', count));
  command.addOption(valueOption('-s, --seed <number>', 'of the sampled workloads', integer({ from: 0 })).default(7));
  command.addOption(
    valueOption('--hopeless-draft <path>', 'for the workload hopeless (made of the draft by noise)', anyText),
  );
  command.option('--guards', 'what speculation costs where it is no use: draft work, time to the first token');
  command.optionsGroup('Against other programs, with the same models, in the same turns:');
  command.addOption(listOption('--against <program>', 'llama-server=PATH or node-llama-cpp', anyText));
  command.option('--against-grid', 'llama-server with six settings of its draft beside the default');
  addModelFlags(command);
  command.option('--strict', 'with and without drafts the same text, bit for bit, for some speed');
  command.optionsGroup('Output:');
  command.option('--json', 'everything that was measured, as one JSON object');
  command.option('--html <path>', 'write a page with plots to a file too');
  return command;
}

/** What to run. */
export function planFrom(flags: BenchFlags): BenchPlan {
  const { workloads, policies, tokens, repetitions, enoughMs, oracleMs } = flags.quick ? QUICK : FULL;
  // Others are compared with adaptive.
  const wanted = new Set([...(flags.policies ?? policies), ...(flags.against ? [ADAPTIVE] : [])]);
  return {
    workloads: flags.workloads ?? workloads,
    policies: POLICIES.filter((policy) => wanted.has(policy) && policy !== PLAIN),
    tokens: flags.predict ?? tokens,
    repetitions: flags.repetitions ?? repetitions,
    enoughMs: limit(flags, enoughMs),
    oracleMs,
    seed: flags.seed,
  };
}

/** Who says how many repetitions there are gets them, however long they take, unless that is said too. */
function limit({ minutes, repetitions }: BenchFlags, enoughMs: number): number {
  if (minutes !== undefined) return minutes * 60_000;
  return repetitions === undefined ? enoughMs : Number.POSITIVE_INFINITY;
}

/** Some of the choices by name, in their own order, whatever order was typed. */
function someOf<Choice extends { readonly name: string }>(choices: readonly Choice[]): Reader<readonly Choice[]> {
  const names = choices.map(({ name }) => name);
  return {
    expected: `names of ${names.join(', ')}, with commas between them`,
    read: (text) => {
      const wanted = text.split(',').map((name) => name.trim());
      return wanted.every((name) => names.includes(name))
        ? choices.filter(({ name }) => wanted.includes(name))
        : undefined;
    },
  };
}

function named<Choice extends { readonly name: string }>(
  choices: readonly Choice[],
  names: readonly string[],
): Choice[] {
  return choices.filter(({ name }) => names.includes(name));
}
