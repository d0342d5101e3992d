import { SPECIAL_ROLES, type SpecialRole } from '../engine/backend.js';
import type { Token } from '../speculative/distribution.js';
import type { PairSide, ReadSide, TokenContent, TokenContents } from './pair-side.js';

/** Two unlike tokens that correspond because they are for the same thing. */
export interface RoleMapping {
  readonly role: SpecialRole;
  readonly target: Token;
  readonly draft: Token;
}

/** Which token of one vocabulary is which of the other, one to one, and how the ids compare. Ids ascend. */
export interface Counterparts {
  /** By target id: the draft's token. */
  readonly draftOf: readonly (Token | undefined)[];
  /** By draft id: the target's token. */
  readonly targetOf: readonly (Token | undefined)[];
  /** Ids that both use: for the same token, and for unlike ones. */
  readonly equal: readonly Token[];
  readonly differing: readonly Token[];
  /** Ids that one alone uses: it is longer, or the other has a placeholder there. */
  readonly onlyTarget: readonly Token[];
  readonly onlyDraft: readonly Token[];
  /** How many tokens were found by their bytes under another id. */
  readonly moved: number;
  readonly roleMap: readonly RoleMapping[];
}

/** Finds the counterparts in the order that pair.ts gives: same id, same bytes, same role. */
export function findCounterparts(target: ReadSide, draft: ReadSide): Counterparts {
  const ids = compareIds(target.tokens, draft.tokens);
  const pairing = new Pairing(target.tokens.length, draft.tokens.length);
  for (const id of ids.equal) pairing.join(id, id);
  const moved = joinMoved(pairing, target.tokens, draft.tokens, ids);
  const roleMap = joinRoles(pairing, target.vocabulary.special, draft.vocabulary.special);
  return { draftOf: pairing.draftOf, targetOf: pairing.targetOf, ...ids, moved, roleMap };
}

class Pairing {
  readonly draftOf: (Token | undefined)[];
  readonly targetOf: (Token | undefined)[];

  constructor(targetSize: number, draftSize: number) {
    this.draftOf = new Array(targetSize).fill(undefined);
    this.targetOf = new Array(draftSize).fill(undefined);
  }

  join(target: Token, draft: Token): void {
    this.draftOf[target] = draft;
    this.targetOf[draft] = target;
  }
}

const NATURES: Readonly<Record<TokenContent['kind'], 'text' | 'byte' | 'special'>> = {
  normal: 'text',
  byte: 'byte',
  unknown: 'special',
  control: 'special',
  'user-defined': 'special',
};

type Ids = Pick<Counterparts, 'equal' | 'differing' | 'onlyTarget' | 'onlyDraft'>;

function compareIds(target: TokenContents, draft: TokenContents): Ids {
  const ids = { equal: [] as Token[], differing: [] as Token[], onlyTarget: [] as Token[], onlyDraft: [] as Token[] };
  for (let id = 0; id < Math.max(target.length, draft.length); id += 1) {
    const mine = target[id];
    const other = draft[id];
    if (mine !== undefined && other !== undefined) {
      // Kinds may differ: converters disagree on which added tokens are "control" and which "user-defined".
      (sameBytes(mine.bytes, other.bytes) ? ids.equal : ids.differing).push(id);
    } else if (mine !== undefined) ids.onlyTarget.push(id);
    else if (other !== undefined) ids.onlyDraft.push(id);
  }
  return ids;
}

function joinMoved(pairing: Pairing, target: TokenContents, draft: TokenContents, ids: Ids): number {
  const free = new Map<string, Token>();
  // Some vocabularies hold a token twice: the lower id is the one that tokenizers write.
  for (const id of [...ids.differing, ...ids.onlyDraft].sort((a, b) => b - a)) free.set(contentKey(draft[id]!), id);
  let moved = 0;
  for (const id of [...ids.differing, ...ids.onlyTarget].sort((a, b) => a - b)) {
    const key = contentKey(target[id]!);
    const counterpart = free.get(key);
    if (counterpart === undefined) continue;
    free.delete(key);
    pairing.join(id, counterpart);
    moved += 1;
  }
  return moved;
}

/** Under another id the same bytes are not enough: the letter `A`, the byte 0x41 and a control token `A` are three. */
function contentKey({ bytes, kind }: TokenContent): string {
  return `${NATURES[kind]} ${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')}`;
}

// Tokens are a few bytes long: a loop is quicker than the call into Buffer.compare.
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

type SpecialTokens = PairSide['vocabulary']['special'];

function joinRoles(pairing: Pairing, target: SpecialTokens, draft: SpecialTokens): RoleMapping[] {
  const roleMap: RoleMapping[] = [];
  for (const role of SPECIAL_ROLES) {
    const mine = target[role];
    const other = draft[role];
    if (mine === undefined || other === undefined) continue;
    if (pairing.draftOf[mine] !== undefined || pairing.targetOf[other] !== undefined) continue;
    pairing.join(mine, other);
    roleMap.push({ role, target: mine, draft: other });
  }
  return roleMap;
}
