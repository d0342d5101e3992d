import {
  always,
  type Engine,
  generate,
  positionNoise,
  SAMPLING_DEFAULTS,
  SamplerChain,
  SingleProposer,
  type Statistics,
  StatisticsCounter,
} from 'outrider';
import { NgramDrafter } from './ngram-drafter.js';
import { streakLength } from './streak-length.js';

/** Continues a text on the target that the engine has loaded, while the engine runs no request of its own. */
export async function continueText(
  engine: Engine,
  prompt: string,
  maxTokens: number,
): Promise<{ text: string; statistics: Statistics }> {
  const { batcher, model } = engine.models.target;
  const context = [...engine.tokenize({ text: prompt }).tokens];
  const promptLength = context.length;
  const noise = positionNoise(1);
  const options = { ...SAMPLING_DEFAULTS, temperature: 0 };
  const target = batcher.open({ capacity: promptLength + maxTokens, promptLength });
  const counter = new StatisticsCounter();
  try {
    const rounds = generate({
      target,
      sampler: new SamplerChain({ options, vocabularySize: model.vocabulary.size, noise, history: context }),
      context,
      proposer: new SingleProposer(new NgramDrafter(), streakLength(4, 8)),
      rules: always({ rule: 'match', noise }),
      maxTokens,
      maxDraft: 8,
      isEnd: (token) => model.vocabulary.isEndOfGeneration(token),
      now: () => performance.now(),
    });
    for await (const round of rounds) counter.add(round);
  } finally {
    target.close();
  }
  const bytes = context.slice(promptLength).map((token) => model.vocabulary.bytes(token, false));
  return { text: Buffer.concat(bytes).toString('utf8'), statistics: counter.statistics };
}
