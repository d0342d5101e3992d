import { Command, CommanderError } from 'commander';
import { ERROR_CODES, OutriderError } from '../errors.js';
import { rewriteArguments } from './argv.js';
import { bench } from './bench.js';
import { addBenchFlags } from './bench-flags.js';
import { chat } from './chat.js';
import { helpLines } from './chat-commands.js';
import { addChatFlags } from './chat-flags.js';
import { compare } from './compare.js';
import { addCompareFlags } from './compare-flags.js';
import { inFlagNames } from './flag-names.js';
import { inspect } from './inspect.js';
import { learned } from './learned.js';
import { addMakeModel } from './make-model.js';
import { Output } from './output.js';
import { addRoute } from './route.js';
import { type Outputs, run } from './run.js';
import { addRunFlags } from './run-flags.js';
import { serve } from './serve.js';
import { addServeFlags, type ServeFlags } from './serve-flags.js';
import type { Surroundings } from './surroundings.js';
import { visible } from './terminal.js';

/** The command line was not understood. */
const USAGE = 2;
/** Something went wrong that nobody foresaw. */
const BUG = 1;

/**
 * Runs the command line `argv` (without the names of Node and script) and resolves to the exit code: 0, 2 where the
 * call is at fault, 130 after Ctrl-C, else 1. Whatever goes wrong is one line on standard error; it never throws.
 */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const outputs = {
    out: new Output(surroundings.stdout, 'standard output'),
    err: new Output(surroundings.stderr, 'standard error'),
  };
  try {
    return await dispatch(argv, outputs, surroundings);
  } catch (error) {
    const stack = argv.includes('--debug') || (surroundings.env.OUTRIDER_DEBUG ?? '') !== '';
    return await report(error, outputs.err, stack);
  }
}

async function dispatch(argv: readonly string[], outputs: Outputs, surroundings: Surroundings): Promise<number> {
  const result: Result = { code: 0, help: '' };
  const program = buildProgram(outputs, surroundings, result);
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(rewriteArguments(argv, takesValue(program)), { from: 'user' });
  } catch (error) {
    const helped = error instanceof CommanderError && error.exitCode === 0;
    if (!helped) throw error;
  }
  if (result.help !== '') await outputs.out.write(result.help);
  return result.code;
}

/** What parsing leaves behind: the command's exit code, and help or version where those were asked for. */
export interface Result {
  code: number;
  help: string;
}

/** The commands; what comes of them is left in `result`. */
export function buildProgram(outputs: Outputs, surroundings: Surroundings, result: Result): Command {
  const { stdout, version } = surroundings;
  const program = new Command('outrider')
    .description('Runs language models on this machine; a small draft model makes the large one faster.')
    .version(version)
    .exitOverride()
    // What stands behind a command is its own, also where the command above it has a flag of that name.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => {
        result.help += text;
      },
      writeErr: () => {},
      getOutHelpWidth: () => stdout.columns ?? 100,
    })
    .addHelpText('after', PROGRAM_EXAMPLES);

  addWritingCommands(program, outputs, surroundings, result);

  const serveCommand = addServeFlags(program.command('serve'))
    .description('Serves the models over HTTP, to clients of the OpenAI API.')
    .addHelpText('after', SERVE_EXAMPLES)
    .action(() => serve(typedFlags(serveCommand), outputs, surroundings));

  program
    .command('inspect')
    .argument('[target]', 'a GGUF file, or any part of a split one')
    .argument('[draft]', 'a second one, to draft for the first')
    .description('Shows what a model is, whether two go together, and what this machine offers.')
    .option('--json', 'one JSON object')
    .addHelpText('after', INSPECT_EXAMPLES)
    .action(async (target: string | undefined, draft: string | undefined, flags) => {
      const paths = [target, draft].filter((path) => path !== undefined);
      await inspect(paths, flags, outputs, surroundings);
    });

  program
    .command('learned')
    .description('Shows what was learnt of pairs of models on this machine: costs of passes, acceptance by confidence.')
    .option('--forget', 'forget it all; it is learnt again')
    .option('--json', 'one JSON value')
    .action((flags) => learned(flags, outputs, surroundings));

  addRoute(program.command('route'), outputs, surroundings);

  const benchCommand = addBenchFlags(program.command('bench'))
    .description(
      'Measures what speculation gains here: many kinds of text, against plain decoding in the same process.',
    )
    .enablePositionalOptions()
    .addHelpText('after', BENCH_EXAMPLES)
    .action(async (flags) => {
      result.code = await bench(flags, outputs, surroundings);
    });
  addMakeModel(benchCommand.command('make-model'), outputs, surroundings);
  return program;
}

/** Those that answer prompts, here and now. */
function addWritingCommands(program: Command, outputs: Outputs, surroundings: Surroundings, result: Result): void {
  addRunFlags(program.command('run').argument('[prompt]', 'what to continue; else --file or standard input'))
    .description('Writes an answer to standard output as it comes.')
    .addHelpText('after', RUN_EXAMPLES)
    .action(async (prompt: string | undefined, flags) => {
      result.code = await run(prompt, flags, outputs, surroundings);
    });

  addCompareFlags(program.command('compare').argument('[prompt]', 'what to continue; else --file or standard input'))
    .description('Lets the target and its draft models answer the same, and the target judge what those wrote.')
    .addHelpText('after', COMPARE_EXAMPLES)
    .action(async (prompt: string | undefined, flags) => {
      result.code = await compare(prompt, flags, outputs, surroundings);
    });

  addChatFlags(program.command('chat'))
    .description('A chat in the terminal: both models stay warm, modes change from one message to the next.')
    .addHelpText('after', CHAT_EXAMPLES)
    .action(async (flags) => {
      result.code = await chat(flags, outputs, surroundings);
    });
}

const PROGRAM_EXAMPLES = `
Examples:
  outrider run "Count from 1 to 20." --chat
  outrider chat
  outrider serve
  outrider compare "Once upon a time"
  outrider inspect target.gguf draft.gguf
  outrider help run`;

const RUN_EXAMPLES = `
Examples:
  outrider run "Count from 1 to 20." --chat --temp 0
  outrider run "Once upon a time" -n 200 --seed 7
  outrider run -m target.gguf -md draft.gguf -ngl all --file prompt.txt
  git diff | outrider run --chat --system "Write a commit message." --json

On a terminal accepted drafts are green, the target's corrections red, its bonus tokens cyan.
Flags of llama.cpp and KoboldCpp under their own names are understood too (-md, -ngl, --draftmodel, --draftamount, ...).
Exit code: 0, 2 (the call is at fault), 130 (Ctrl-C), 1 (anything else).`;

const CHAT_EXAMPLES = `
Examples:
  outrider chat
  outrider chat -m target.gguf -md draft.gguf --system "You are a patient teacher." --temp 0.7
  outrider chat --load chat.json --save chat.json
  printf 'Hello\\n/mode main\\nAnd now?\\n' | outrider chat --seed 7

Commands in it:
${helpLines().join('\n')}`;

const COMPARE_EXAMPLES = `
Examples:
  outrider compare "Once upon a time" --temp 0
  outrider compare "Name three rivers." --chat -m target.gguf -md draft.gguf -n 100
  outrider compare --file prompts.jsonl -m target.gguf -md small.gguf -md smaller.gguf
  outrider compare --file prompts.jsonl --json > comparisons.jsonl

One prompt and one draft model: both answers side by side (on 100 columns and more), then the draft model's
tokens in the eyes of the target. Several of either: a table. predicted is what speculation should gain
with the best fixed draft length, by the acceptance and the cost of passes; outrider bench measures it.`;

const SERVE_EXAMPLES = `
Examples:
  outrider serve
  outrider serve -m target.gguf -md draft.gguf -c 8192 --parallel 4
  outrider serve --host 0.0.0.0 --api-key-file keys.txt --allowed-host my-machine.local
  curl http://127.0.0.1:5001/v1/chat/completions -d '{"messages": [{"role": "user", "content": "Hi"}]}'

A SIGTERM or Ctrl-C lets running requests finish, a second one ends them.`;

const INSPECT_EXAMPLES = `
Examples:
  outrider inspect                          (the machine alone)
  outrider inspect model.gguf
  outrider inspect target.gguf draft.gguf --json`;

const BENCH_EXAMPLES = `
Examples:
  outrider bench --quick
  outrider bench -m target.gguf -md draft.gguf --html report.html --json > result.json
  outrider bench --workloads code,chat,hopeless --policies adaptive,llama -n 512 --repetitions 15
  outrider bench --against llama-server=/usr/local/bin/llama-server --workloads code,chat
  outrider bench make-model --help

A policy's figure is the time of plain decoding over its own: the median over the repetitions, in
which all take turns. Green and red: the whole 95 % interval is above or below 1. oracle is the
least expected time of one who knows how likely each drafted token is accepted, share what
adaptive reaches of it, policy what it would reach on the same texts if every pass took what was
measured (from there to adaptive it is the machine); agrees says how often the draft model's next
token is the text's. What was learnt before is neither used nor changed (outrider learned).
A SIGTERM or Ctrl-C shows what was whole by then, from one repetition on; a second one ends at once.`;

/** Flags as they were typed, without those that have their default: what a config file says may take its place. */
function typedFlags(command: Command): ServeFlags {
  const typed = Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(typed);
}

/** Whether any command has this flag with a value behind it. */
function takesValue(program: Command): (flag: string) => boolean {
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  const options = [program, ...commands].flatMap((command) => command.options);
  return (flag) => options.some((option) => option.required && (option.short === flag || option.long === flag));
}

async function report(error: unknown, err: Output, stack: boolean): Promise<number> {
  const { message, exitCode } = describe(error);
  const trace = stack && error instanceof Error ? `${error.stack}\n` : '';
  await err.write(`outrider: ${visible(message)}\n${trace}`).catch(() => {});
  return exitCode;
}

function describe(error: unknown): { readonly message: string; readonly exitCode: number } {
  if (error instanceof OutriderError) {
    const message = inFlagNames(error.message, error.details.parameter);
    return { message, exitCode: ERROR_CODES[error.code].exitCode };
  }
  if (error instanceof CommanderError) return { message: usageMessage(error), exitCode: USAGE };
  const message = error instanceof Error ? error.message : String(error);
  return { message: `unexpected: ${message} (this is a bug; OUTRIDER_DEBUG=1 shows where)`, exitCode: BUG };
}

/** Commander's own words on one line. */
function usageMessage({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'expected a command first, such as run or serve; see outrider --help';
  return message.replace(/^error: /, '').replaceAll('\n', ' ');
}
