import { OutriderError } from '../errors.js';
import type { Token } from '../speculative/index.js';
import type { LoadedDraft, LoadedModels } from './load.js';
import type { LoadedModel } from './loaded-model.js';
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
    throw new OutriderError('invalid_argument', `writtenBy: expected one of ${names}, got '${writtenBy}'`, {
      parameter: 'writtenBy',
    });
  }
  const { size } = (writer ?? judge).model.vocabulary;
  const stranger = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < size));
  if (stranger !== undefined) {
    throw new OutriderError('invalid_argument', `tokens: expected token ids from 0 to ${size - 1}, got ${stranger}`, {
      parameter: 'tokens',
    });
  }
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
