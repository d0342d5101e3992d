import type { Token } from '../speculative/index.js';
import type { LoadedDraft, LoadedModels } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import { refuse, refuseStrangers } from './refuse.js';
import type { ScoreRequest } from './score.js';

/**
 * What is to be judged, in tokens of the judge.
 * @throws OutriderError invalid_argument
 */
export function tokensFor(
  { tokens, writtenBy }: Pick<ScoreRequest, 'tokens' | 'writtenBy'>,
  judge: LoadedModel,
  { drafts }: LoadedModels,
): readonly Token[] {
  const writer = writtenBy === undefined ? undefined : drafts.find(({ name }) => name === writtenBy);
  if (writtenBy !== undefined && writer === undefined) {
    const names = drafts.map(({ name }) => name).join(', ') || 'a draft model, and none is loaded';
    refuse('writtenBy', `one of ${names}`, writtenBy);
  }
  refuseStrangers('tokens', tokens, (writer ?? judge).model.vocabulary.size);
  return writer === undefined || writer === judge ? tokens : translated(tokens, writer, judge);
}

/** Token by token where each has a counterpart, else the text as the target cuts it. */
function translated(tokens: readonly Token[], { pair, model }: LoadedDraft, target: LoadedModel): readonly Token[] {
  const counterparts = tokens.map((token) => pair.toTarget(token));
  const known = counterparts.filter((token) => token !== undefined);
  if (known.length === tokens.length) return known;
  const text = Buffer.concat(tokens.map((token) => model.vocabulary.bytes(token, false))).toString('utf8');
  return target.model.vocabulary.tokenize(text, { addSpecial: false, parseSpecial: false });
}
