/** `outrider learned`: what was learnt of pairs of models on this machine, to look at and to forget. */
import { cacheFolder, FileKnowledgeStore, type KnownPair } from '../engine/knowledge-store.js';
import { CostCurve } from '../speculative/index.js';
import type { Outputs } from './run.js';
import type { Surroundings } from './surroundings.js';

export interface LearnedFlags {
  readonly json?: true;
  readonly forget?: true;
}

/** The user's store; `undefined` where there is no home to keep it in. */
export function openKnowledge(
  { env, platform, clock }: Pick<Surroundings, 'env' | 'platform' | 'clock'>,
  complain: (problem: string) => void,
): FileKnowledgeStore | undefined {
  const folder = cacheFolder(env, platform);
  return folder === undefined ? undefined : new FileKnowledgeStore(folder, clock, complain);
}

export async function learned(flags: LearnedFlags, { out }: Outputs, surroundings: Surroundings): Promise<void> {
  const store = openKnowledge(surroundings, () => {});
  if (flags.forget) {
    const forgotten = store?.forget() ?? 0;
    await out.write(
      flags.json ? `${JSON.stringify({ forgotten })}\n` : `forgot ${forgotten} pair${forgotten === 1 ? '' : 's'}\n`,
    );
    return;
  }
  const pairs = store?.list() ?? [];
  if (flags.json) await out.write(`${JSON.stringify(pairs)}\n`);
  else if (pairs.length === 0) await out.write('nothing was learnt yet\n');
  else for (const pair of pairs) await out.write(`${linesOf(pair).join('\n')}\n`);
}

function linesOf({ key, savedAt, state }: KnownPair): string[] {
  const curve = new CostCurve(state.costs);
  const plain = curve.at(1, 0);
  const relative = [1, 2, 4, 8, 16].map((rows) => `${rows}: ${(curve.at(rows, 0) / plain).toFixed(2)}`).join('  ');
  const acceptance = Object.entries(state.acceptance).map(
    ([kind, { judged, weights }]) =>
      `  ${kind}: ${judged} tokens judged, weights ${weights.map((w) => w.toFixed(2)).join(' ')}`,
  );
  const drafts = key.drafts.map(({ name }) => name);
  return [
    `${[key.target.name, ...drafts].join(' with ')} on ${key.processor}, threads ${key.threads.join(' and ')}, ${key.rows} rows, ${savedAt.slice(0, 10)}`,
    `  plain pass ${plain.toFixed(2)} ms; passes of n rows in its units  ${relative}`,
    ...acceptance,
  ];
}
