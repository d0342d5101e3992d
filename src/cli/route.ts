/** `outrider route`: the rules of mode `auto`, and what they would do with recorded requests. Nothing is loaded. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { OutriderError } from '../errors.js';
import { given } from '../given.js';
import { DEFAULT_RULES, decideRoute, factsOfBody, type RouteDecision, type RouteRules } from '../routing/index.js';
import { explanationLines, ruleLines } from './route-lines.js';
import { parseRouteRules } from './route-rules.js';
import type { Outputs } from './run.js';
import { CONFIG_FILE } from './serve-config.js';
import type { Surroundings } from './surroundings.js';
import { painter, wantsColour } from './terminal.js';

export interface RouteFlags {
  readonly explain?: string;
  /** A file with rules; `true`: those in force are to be shown. */
  readonly rules?: string | true;
  readonly json?: true;
}

/** What the rules do with one request. */
export interface Explained extends Pick<RouteDecision, 'to' | 'rule' | 'reason'> {
  /** In the file, from 1. */
  readonly line: number;
  /** The last message that is not the model's, or the prompt. */
  readonly ask: string;
  /** Where the line has a `label`: whom it should go to, and whether it does; who is undecided about goes to the target. */
  readonly label?: 'draft' | 'target';
  readonly right?: boolean;
}

export interface Explanation {
  readonly requests: readonly Explained[];
  readonly totals: Readonly<Record<RouteDecision['to'], number>>;
  /** Of those with a label. */
  readonly right?: { readonly count: number; readonly of: number };
}

/** Rules, and where they come from. */
export interface NamedRules {
  readonly rules: RouteRules;
  readonly source: string;
}

/** Makes `command` this one. */
export function addRoute(command: Command, outputs: Pick<Outputs, 'out'>, surroundings: Surroundings): void {
  command
    .description('Shows the rules of mode auto, and to whom they would send recorded requests. Loads nothing.')
    .option('--explain <file>', 'requests, one JSON object a line: bodies, or {"request": body}; - for standard input')
    .option(
      '--rules [file]',
      'a list of rules, or a config file\'s "routes" (those of outrider.config.json, else the default)',
    )
    .option('--json', 'one JSON value')
    .addHelpText('after', EXAMPLES)
    .action((flags: RouteFlags) => route(flags, outputs, surroundings));
}

const EXAMPLES = `
Examples:
  outrider route                                      (the rules, in order: the first that applies decides)
  outrider route --rules --json > rules.json          (a copy to change)
  outrider route --explain requests.jsonl --rules rules.json
  echo '{"messages": [{"role": "user", "content": "Hi!"}]}' | outrider route --explain -

A line may have a "label", draft or target: what is right is counted then.`;

/** @throws OutriderError invalid_argument in words for files that cannot be read or understood, with the line */
async function route(flags: RouteFlags, { out }: Pick<Outputs, 'out'>, surroundings: Surroundings): Promise<void> {
  const named = await rulesInForce(flags, surroundings);
  const width = surroundings.stdout.columns ?? 120;
  const paint = painter(wantsColour(surroundings.stdout, surroundings.env));
  if (flags.explain === undefined) {
    const lines = flags.json ? [JSON.stringify(named.rules, undefined, 2)] : ruleLines(named, width, paint);
    await out.write(`${lines.join('\n')}\n`);
    return;
  }
  const explanation = explain(await recorded(flags.explain, surroundings), flags.explain, named.rules);
  const lines = flags.json ? [JSON.stringify(explanation)] : explanationLines(explanation, named, width, paint);
  await out.write(`${lines.join('\n')}\n`);
}

async function rulesInForce({ rules: file }: RouteFlags, { folder }: Surroundings): Promise<NamedRules> {
  if (typeof file === 'string') {
    const rules = parseRouteRules(await readText('--rules', resolve(folder, file)), file);
    if (rules === undefined)
      throw new OutriderError('invalid_argument', `${file}: expected rules, or "routes" with them`);
    return { rules, source: file };
  }
  const config = await readFile(resolve(folder, CONFIG_FILE), 'utf8').catch(() => undefined);
  const rules = config === undefined ? undefined : parseRouteRules(config, CONFIG_FILE);
  return rules === undefined ? { rules: DEFAULT_RULES, source: 'the default rules' } : { rules, source: CONFIG_FILE };
}

async function recorded(file: string, { stdin, folder }: Surroundings): Promise<string> {
  return file === '-' ? text(stdin) : readText('--explain', resolve(folder, file));
}

async function readText(flag: string, path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new OutriderError('invalid_argument', `${flag}: cannot read ${path} (${error.code})`, { path });
  });
}

function explain(lines: string, file: string, rules: RouteRules): Explanation {
  const requests = lines.split('\n').flatMap((line, index): Explained[] => {
    if (line.trim() === '') return [];
    return [explainLine(line, index + 1, file, rules)];
  });
  const totals = { draft: 0, target: 0, undecided: 0 };
  for (const { to } of requests) totals[to] += 1;
  const labelled = requests.filter(({ right }) => right !== undefined);
  const right = { count: labelled.filter((one) => one.right).length, of: labelled.length };
  return { requests, totals, ...(labelled.length > 0 && { right }) };
}

function explainLine(line: string, number: number, file: string, rules: RouteRules): Explained {
  const refuse = (problem: string): never => {
    throw new OutriderError('invalid_argument', `${file}, line ${number}: ${problem}`);
  };
  const value = parse(line) ?? refuse('expected a JSON object');
  const facts = factsOfBody(value.request ?? value);
  if (facts === undefined) return refuse('expected a request with "messages" or a "prompt", or one in "request"');
  const { to, rule, reason } = decideRoute(facts, rules);
  const label = value.label === 'draft' || value.label === 'target' ? value.label : undefined;
  const right = label === undefined ? undefined : label === (to === 'undecided' ? 'target' : to);
  const ask = facts.messages?.findLast(({ role }) => role !== 'assistant')?.content ?? facts.text;
  return { line: number, to, rule, reason, ask, ...given({ label, right }) };
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
