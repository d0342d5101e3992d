import type { Command } from 'commander';
import { PLAIN, POLICIES, type Policy } from '../bench/policies.js';
import type { BenchPlan } from '../bench/runner.js';
import { WORKLOADS, type Workload } from '../bench/workloads.js';
import { addModelFlags, type ModelFlags } from './model-flags.js';
import { anyText, integer, type Reader, valueOption } from './options.js';

export interface BenchFlags extends ModelFlags {
  readonly quick?: true;
  readonly workloads?: readonly Workload[];
  readonly policies?: readonly Policy[];
  readonly predict?: number;
  readonly repetitions?: number;
  readonly seed: number;
  readonly hopelessDraft?: string;
  readonly json?: true;
  readonly html?: string;
}

/** Policies of `--quick`: the engine's own, and the one that most people have. */
const QUICK_POLICIES = ['adaptive', 'llama'];
/** Some seven minutes on the embedded pair, and what fits into 50 s. */
const FULL = { tokens: 256, repetitions: 9, enoughMs: Number.POSITIVE_INFINITY, oracleMs: 20_000 };
const QUICK = { tokens: 96, repetitions: 9, enoughMs: 40_000, oracleMs: 200 };

export function addBenchFlags(command: Command): Command {
  const workloads = WORKLOADS.map(({ name }) => name);
  const policies = POLICIES.filter((policy) => policy !== PLAIN).map(({ name }) => name);
  command.optionsGroup('What is run:');
  command.option('--quick', 'under a minute: short texts, few policies, as many repetitions as fit');
  command.addOption(valueOption('--workloads <names>', `of ${workloads.join(', ')} (all)`, someOf(WORKLOADS)));
  command.addOption(
    valueOption('--policies <names>', `beside plain, of ${policies.join(', ')} (all)`, someOf(POLICIES)),
  );
  const count = integer({ from: 1 });
  command.addOption(
    valueOption('-n, --predict <count>', "tokens of each workload's answers together (256)", integer({ from: 16 })),
  );
  command.addOption(valueOption('--repetitions <count>', 'warm ones, after the cold pass (9)', count));
  command.addOption(valueOption('-s, --seed <number>', 'of the sampled workloads', integer({ from: 0 })).default(7));
  command.addOption(
    valueOption('--hopeless-draft <path>', 'for the workload hopeless (made of the draft by noise)', anyText),
  );
  addModelFlags(command);
  command.option('--strict', 'with and without drafts the same text, bit for bit, for some speed');
  command.optionsGroup('Output:');
  command.option('--json', 'everything that was measured, as one JSON object');
  command.option('--html <path>', 'write a page with plots to a file too');
  return command;
}

/** What to run. */
export function planFrom(flags: BenchFlags): BenchPlan {
  const { tokens, repetitions, enoughMs, oracleMs } = flags.quick ? QUICK : FULL;
  const { workloads = WORKLOADS, policies = flags.quick ? quickPolicies() : POLICIES } = flags;
  return {
    workloads,
    policies: policies.filter((policy) => policy !== PLAIN),
    tokens: flags.predict ?? tokens,
    repetitions: flags.repetitions ?? repetitions,
    // Who says how many repetitions there are gets them.
    enoughMs: flags.repetitions === undefined ? enoughMs : Number.POSITIVE_INFINITY,
    oracleMs,
    seed: flags.seed,
  };
}

function quickPolicies(): readonly Policy[] {
  return POLICIES.filter(({ name }) => QUICK_POLICIES.includes(name));
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
