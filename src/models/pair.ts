/**
 * Whether a draft model's vocabulary fits a target's token by token, and how to get from one to the other.
 *
 * Two tokens are the same when their bytes are, control tokens taken by the text they stand for. A token's counterpart
 * in the other vocabulary is, in this order: the same token under the same id; the same token under another id; and,
 * among those still without one, the token that plays the same role (end of text, of turn and so on). Bytes come before
 * roles because metadata is wrong more often than token lists are. Counterparts are one to one. Placeholders (kind
 * `unused`) only pad a vocabulary: they are no tokens and never have a counterpart.
 *
 * The text keeps the target's law whatever is mapped to what; the mapping decides only how often drafts are accepted. A
 * draft token without counterpart is never proposed (`masked`), which is cheap. A target token without one costs more:
 * each time it is written the draft reads a substitute and guesses worse for a while. Hence the rule: a pair fits when
 * of the target's text tokens among the ids that both use at least 90 % have a counterpart. Models of one family are
 * above 99 %, strangers far below, so the border is not delicate. What only the longer vocabulary has does not count:
 * vocabularies that differ in size alone always fit.
 */
import type { Token } from '../speculative/distribution.js';
import { type Counterparts, findCounterparts, type RoleMapping } from './pair-counterparts.js';
import { compareMetadata, type MetadataDifference } from './pair-metadata.js';
import { isText, type PairSide, type ReadSide, readSide } from './pair-side.js';

/** An id under which the two vocabularies do not hold the same token; the texts as the vocabularies store them. */
export interface TokenDifference {
  readonly id: Token;
  readonly target: string | undefined;
  readonly draft: string | undefined;
}

/** How many ids differ in one way, and the first of them. */
export interface TokenDifferences {
  readonly count: number;
  readonly examples: readonly TokenDifference[];
}

export interface PairReport {
  /** A misfit comes with its reason: one line with counts, an example and what to do. */
  readonly verdict: { readonly fits: true } | { readonly fits: false; readonly reason: string };
  /** Ids that both vocabularies use for a token, and how many of them for the same one. */
  readonly sharedIds: number;
  readonly equalIds: number;
  /** Shared ids with unlike tokens. */
  readonly differing: TokenDifferences;
  /** Ids that one vocabulary alone uses: it is longer, or the other has a placeholder there. */
  readonly onlyTarget: TokenDifferences;
  readonly onlyDraft: TokenDifferences;
  /** Tokens whose counterpart has the same bytes under another id. */
  readonly movedTokens: number;
  readonly roleMap: readonly RoleMapping[];
  readonly metadataDifferences: readonly MetadataDifference[];
  /** The draft ids that must never be proposed, ascending: those without counterpart. */
  readonly masked: Int32Array;
  /**
   * What the draft reads where the target has `token`: its counterpart, or else a substitute (the draft's unknown token,
   * its line break or its first text token), since one position holds one token in both.
   */
  toDraft(token: Token): Token;
  /** What the draft means by its `token`; `undefined` for a masked one. */
  toTarget(token: Token): Token | undefined;
}

/** The share of the target's text tokens on shared ids that must have a counterpart. */
const NEEDED_SHARE = 0.9;
const MAX_EXAMPLES = 5;

/** Compares the vocabularies of a pair: two of 152,000 tokens take a fraction of a second, most of it in the kernels. */
export function comparePair(targetSide: PairSide, draftSide: PairSide): PairReport {
  const target = readSide(targetSide);
  const draft = readSide(draftSide);
  const found = findCounterparts(target, draft);
  const list = (ids: readonly Token[]) => listDifferences(ids, target, draft);
  const substitute = substituteOf(draft);
  return {
    verdict: judge(found, target, list(found.differing)),
    sharedIds: found.equal.length + found.differing.length,
    equalIds: found.equal.length,
    differing: list(found.differing),
    onlyTarget: list(found.onlyTarget),
    onlyDraft: list(found.onlyDraft),
    movedTokens: found.moved,
    roleMap: found.roleMap,
    metadataDifferences: compareMetadata(target, draft),
    masked: Int32Array.from([...found.targetOf.keys()].filter((token) => found.targetOf[token] === undefined)),
    toDraft: (token) => found.draftOf[token] ?? substitute,
    toTarget: (token) => found.targetOf[token],
  };
}

function judge(found: Counterparts, target: ReadSide, differing: TokenDifferences): PairReport['verdict'] {
  const textTokens = (ids: readonly Token[]) => ids.filter((id) => isText(target.tokens[id]!));
  const unlike = textTokens(found.differing);
  const known = textTokens(found.equal).length + unlike.filter((id) => found.draftOf[id] !== undefined).length;
  const all = textTokens(found.equal).length + unlike.length;
  if (all > 0 && known >= NEEDED_SHARE * all) return { fits: true };
  const percent = all === 0 ? 0 : Math.floor((known / all) * 1000) / 10;
  const [first] = differing.examples;
  const example =
    first === undefined ? '' : ` (id ${first.id} is "${first.target}" in one, "${first.draft}" in the other)`;
  const reason =
    `the draft model knows ${percent} % of the text tokens under the ids that both models use${example}, ` +
    `${NEEDED_SHARE * 100} % are needed; choose a draft model of the target's family`;
  return { fits: false, reason };
}

function listDifferences(ids: readonly Token[], target: ReadSide, draft: ReadSide): TokenDifferences {
  const text = ({ vocabulary }: ReadSide, id: Token) => (id < vocabulary.size ? vocabulary.text(id) : undefined);
  const examples = ids.slice(0, MAX_EXAMPLES).map((id) => ({ id, target: text(target, id), draft: text(draft, id) }));
  return { count: ids.length, examples };
}

function substituteOf({ tokens, vocabulary }: ReadSide): Token {
  const unknown = tokens.findIndex((token) => token?.kind === 'unknown');
  if (unknown >= 0) return unknown;
  return (
    vocabulary.special.nl ??
    Math.max(
      0,
      tokens.findIndex((token) => token?.kind === 'normal'),
    )
  );
}
