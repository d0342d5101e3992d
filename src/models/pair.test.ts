import { describe, expect, it } from 'vitest';
import { SPECIAL_ROLES, type SpecialRole, type TokenKind } from '../engine/backend.js';
import { comparePair } from './pair.js';
import type { PairSide } from './pair-side.js';

interface Entry {
  readonly text: string;
  readonly kind: TokenKind;
}

interface Settings {
  readonly special?: Partial<Record<SpecialRole, number>>;
  readonly addsBos?: boolean;
  readonly ends?: readonly number[];
  readonly metadata?: Readonly<Record<string, string>>;
}

const normal = (text: string): Entry => ({ text, kind: 'normal' });
const control = (text: string): Entry => ({ text, kind: 'control' });
const padding = (id: number): Entry => ({ text: `[PAD${id}]`, kind: 'unused' });
const words = (count: number, from = 0): Entry[] => Array.from({ length: count }, (_, i) => normal(`word${from + i}`));
const STANDARD = [{ text: '<unk>', kind: 'unknown' }, control('<s>'), control('</s>')] as const;

function side(entries: readonly Entry[], settings: Settings = {}): PairSide & { reads: number[] } {
  const reads: number[] = [];
  const special = Object.fromEntries(SPECIAL_ROLES.map((role) => [role, settings.special?.[role]]));
  return {
    reads,
    metadata: new Map(Object.entries(settings.metadata ?? {})),
    vocabulary: {
      size: entries.length,
      type: 'spm',
      special: special as Record<SpecialRole, number | undefined>,
      addsBos: settings.addsBos ?? true,
      addsEos: false,
      bytes: (token) => {
        reads.push(token);
        const entry = entries[token]!;
        return entry.kind === 'byte' ? Uint8Array.of(Number(entry.text)) : Buffer.from(entry.text);
      },
      text: (token) => entries[token]!.text,
      kind: (token) => entries[token]!.kind,
      isEndOfGeneration: (token) => (settings.ends ?? []).includes(token),
    },
  };
}

describe('comparePair', () => {
  it('maps equal vocabularies onto themselves, reading each token once', () => {
    const target = side([...STANDARD, ...words(20)]);
    const draft = side([...STANDARD, ...words(20)]);
    const report = comparePair(target, draft);
    expect(report).toMatchObject({ verdict: { fits: true }, sharedIds: 23, equalIds: 23, metadataDifferences: [] });
    expect(report.masked).toHaveLength(0);
    expect([0, 1, 22].map(report.toDraft)).toEqual([0, 1, 22]);
    expect([0, 1, 22].map(report.toTarget)).toEqual([0, 1, 22]);
    expect(target.reads).toEqual([...Array(23).keys()]);
    expect(draft.reads).toEqual([...Array(23).keys()]);
  });

  it('never refuses for the size alone, and masks what only the draft has', () => {
    const short = [...STANDARD, ...words(10)];
    const long = [...STANDARD, ...words(500)];
    const longDraft = comparePair(side(short), side(long));
    expect(longDraft).toMatchObject({ verdict: { fits: true }, onlyDraft: { count: 490 }, onlyTarget: { count: 0 } });
    expect(longDraft.onlyDraft.examples[0]).toEqual({ id: 13, target: undefined, draft: 'word10' });
    expect(longDraft.masked).toEqual(Int32Array.from({ length: 490 }, (_, i) => 13 + i));
    expect(longDraft.toTarget(13)).toBeUndefined();

    const longTarget = comparePair(side(long), side(short));
    expect(longTarget).toMatchObject({
      verdict: { fits: true },
      onlyTarget: { count: 490 },
      masked: new Int32Array(0),
    });
    expect(longTarget.toDraft(400)).toBe(0);
  });

  it('takes placeholders for no tokens', () => {
    const target = side([...STANDARD, ...words(10), padding(13), control('<tool>')]);
    const draft = side([...STANDARD, ...words(10), padding(13), padding(14), padding(15)]);
    const report = comparePair(target, draft);
    expect(report).toMatchObject({ verdict: { fits: true }, sharedIds: 13, differing: { count: 0 } });
    expect(report.onlyTarget.examples).toEqual([{ id: 14, target: '<tool>', draft: '[PAD14]' }]);
    expect(report.masked).toEqual(Int32Array.of(13, 14, 15));
  });

  it('finds a token that moved to another id by its bytes and its nature', () => {
    const target = side([...STANDARD, ...words(20), control('<think>'), normal('A')]);
    const draft = side([...STANDARD, ...words(20), { text: '65', kind: 'byte' }, control('<think>'), control('A')]);
    const report = comparePair(target, draft);
    expect(report).toMatchObject({ verdict: { fits: true }, movedTokens: 1, differing: { count: 2 } });
    expect(report.toDraft(23)).toBe(24);
    expect(report.toTarget(24)).toBe(23);
    expect(report.toDraft(24)).toBe(0);
    expect(report.masked).toEqual(Int32Array.of(23, 25));
  });

  it('maps unlike special tokens by their role', () => {
    const target = side([...STANDARD, ...words(20), control('<|im_end|>')], { special: { eos: 2, eot: 23 } });
    const draft = side([...STANDARD, ...words(20), control('<|eot|>')], { special: { eos: 2, eot: 23 } });
    const report = comparePair(target, draft);
    expect(report.roleMap).toEqual([{ role: 'eot', target: 23, draft: 23 }]);
    expect(report.toTarget(23)).toBe(23);
    expect(report.masked).toHaveLength(0);
    expect(report.metadataDifferences).toEqual([{ name: 'eot', target: '23 <|im_end|>', draft: '23 <|eot|>' }]);
  });

  it('believes the bytes of a token before its role in the metadata', () => {
    const entries = [...STANDARD, ...words(20), control('<|end|>')];
    const eos = (id: number) => ({ special: { eos: id }, metadata: { 'tokenizer.ggml.eos_token_id': String(id) } });
    const report = comparePair(side(entries, eos(2)), side(entries, eos(23)));
    expect(report).toMatchObject({ verdict: { fits: true }, roleMap: [] });
    expect(report.toTarget(23)).toBe(23);
    expect(report.toTarget(2)).toBe(2);
    expect(report.metadataDifferences).toEqual([
      { name: 'tokenizer.ggml.eos_token_id', target: '2 </s>', draft: '23 <|end|>' },
    ]);
  });

  it('names the flags, keys and ends that differ', () => {
    const entries = [...STANDARD, ...words(20), control('<|end|>')];
    const target = side(entries, {
      ends: [2, 23],
      metadata: { 'tokenizer.ggml.eot_token_id': '23', 'tokenizer.chat_template': 'a', 'general.name': 'a' },
    });
    const draft = side(entries, { ends: [2], addsBos: false, metadata: { 'tokenizer.chat_template': 'b' } });
    expect(comparePair(target, draft).metadataDifferences).toEqual([
      { name: 'tokenizer.ggml.eot_token_id', target: '23 <|end|>', draft: 'none' },
      { name: 'add_bos', target: 'true', draft: 'false' },
      { name: 'end-of-generation tokens', target: '2 </s>, 23 <|end|>', draft: '2 </s>' },
    ]);
  });

  it('masks the odd differing token and refuses when too many differ', () => {
    const withStrangers = (count: number) => side([...STANDARD, ...words(100 - count), ...words(count, 1000)]);
    const target = side([...STANDARD, ...words(100)]);
    const close = comparePair(target, withStrangers(10));
    expect(close).toMatchObject({ verdict: { fits: true }, differing: { count: 10 } });
    expect(close.masked).toHaveLength(10);
    expect(close.differing.examples).toHaveLength(5);

    const { verdict } = comparePair(target, withStrangers(11));
    expect(verdict).toMatchObject({ fits: false, reason: expect.stringContaining('89 %') });
    expect(verdict).toMatchObject({ reason: expect.stringContaining('id 92 is "word89" in one, "word1000"') });
  });

  it('refuses vocabularies that share nothing', () => {
    expect(comparePair(side([...STANDARD]), side([...STANDARD])).verdict).toMatchObject({ fits: false });
  });

  it('fits vocabularies that hold the same tokens in another order', () => {
    const report = comparePair(side([...STANDARD, ...words(50)]), side([...STANDARD, ...words(50).reverse()]));
    expect(report).toMatchObject({ verdict: { fits: true }, movedTokens: 50 });
    expect(report.toDraft(3)).toBe(52);
    expect(report.toTarget(52)).toBe(3);
  });
});
