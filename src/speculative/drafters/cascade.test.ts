import { describe, expect, it } from 'vitest';
import type { Token } from '../distribution.js';
import type { Draft, DraftPrice, DrawRule } from '../drafter.js';
import { Knowledge } from '../length/knowledge.js';
import { ALONE, type Company } from '../length/shared-pass.js';
import { TextBooks } from '../length/text-books.js';
import type { ProposalRequest } from '../proposer.js';
import { roundOutcome } from '../testing/rounds.js';
import { type Script, ScriptedDrafter } from '../testing/scripted-drafter.js';
import { Cascade, type CascadeOptions } from './cascade.js';

const END = 99;
/** So sure that the cold curve gives them .98, .84, .57 and .09. */
const [SURE, LIKELY, EVEN, NOT] = [0.99, 0.9, 0.65, 0.1];
const CHEAP: DraftPrice = { first: 0.05, next: 0.05, probe: 0.05, behind: 1 };

const at = (confidence: number, ...tokens: Token[]) => tokens.map((token) => [token, confidence] as const);
const free = (name: string, says: Script['says']) => new ScriptedDrafter({ name, says });
const model = (name: string, says: Script['says'], price = CHEAP) => new ScriptedDrafter({ name, says, price });
/** Speaks only where so many tokens were drafted before it. */
const behind =
  (count: number, said: ReturnType<Script['says']>): Script['says'] =>
  ({ prefix }) =>
    prefix.length === count ? said : [];

/** A row more costs a tenth of a pass, which takes a millisecond. */
function knowledgeOf(row = 0.1): Knowledge {
  const points = [1, 2, 4, 8, 16].map((rows) => ({ rows, ms: 1 + row * (rows - 1) }));
  return new Knowledge({ costs: { points, levels: [1] } });
}

interface Setup extends Partial<CascadeOptions> {
  readonly knowledge?: Knowledge;
  readonly max?: number;
}

function setUp(drafters: readonly ScriptedDrafter[], { knowledge = knowledgeOf(), max = 8, ...more }: Setup = {}) {
  const books = new TextBooks({ knowledge, kind: 'test', max });
  const defaults = { books, isEnd: (token: Token) => token === END, company: ALONE };
  const cascade = new Cascade({ ...defaults, ...more, drafters });
  return { cascade, knowledge, judged: (name: string) => knowledge.acceptanceOf(`${name} matching test`).judged };
}

function request(more: Partial<ProposalRequest> = {}): ProposalRequest {
  return { context: [7, 7, 7], prefix: [], rule: 'matching', room: 16, generated: 2, signal: undefined, ...more };
}

const draftOf = async (cascade: Cascade, more: Partial<ProposalRequest> = {}): Promise<Draft> =>
  (await cascade.propose(request(more))).draft;

/** A round that cost what it should. */
function close(cascade: Cascade, draft: Draft, accepted: number, next = 0): void {
  cascade.observe(roundOutcome(draft, accepted, next, { verifyMs: 1 + 0.1 * draft.tokens.length }));
}

async function plainRounds(cascade: Cascade, count: number): Promise<void> {
  for (let i = 0; i < count; i++) close(cascade, await draftOf(cascade), 0);
}

describe('the parts of a draft', () => {
  it('are the offer that is worth most, not the first or the longest', async () => {
    const few = free('few', behind(0, at(SURE, 1, 2)));
    const many = free('many', behind(0, at(SURE, 3, 4, 5, 6)));
    const doubtful = free('doubtful', behind(0, at(EVEN, 8, 8, 8, 8, 8, 8, 8, 8)));
    const { cascade } = setUp([few, many, doubtful]);
    expect(await draftOf(cascade)).toMatchObject({ tokens: [3, 4, 5, 6], sources: Array(4).fill('many') });
  });

  it('are cut where a token is not worth its row', async () => {
    const offer = free('offer', behind(0, [...at(SURE, 1, 2), ...at(NOT, 3), ...at(SURE, 4)]));
    const { cascade } = setUp([offer], { knowledge: knowledgeOf(0.3) });
    expect((await draftOf(cascade)).tokens).toEqual([1, 2]);
  });

  it('are nothing where nothing pays', async () => {
    const { cascade } = setUp(
      [free('offer', () => at(NOT, 1)), model('model', () => at(SURE, 2), { ...CHEAP, first: 9, next: 9 })],
      { knowledge: knowledgeOf(0.3) },
    );
    expect((await draftOf(cascade)).tokens).toEqual([]);
  });

  it('come from a model where that may say more than is offered, and the model goes on behind an offer', async () => {
    const large = model('model', behind(0, at(SURE, 5, 6)));
    const { cascade } = setUp([free('poor', behind(0, at(NOT, 1))), large]);
    expect((await draftOf(cascade)).tokens).toEqual([5, 6]);
    const second = model('model', behind(3, at(SURE, 5, 6)));
    const chain = setUp([free('offer', behind(0, at(SURE, 1, 2, 3))), second]);
    expect(await draftOf(chain.cascade)).toMatchObject({
      tokens: [1, 2, 3, 5, 6],
      sources: ['offer', 'offer', 'offer', 'model', 'model'],
    });
    expect(second.requests.at(-1)).toMatchObject({ prefix: [1, 2, 3], room: 5 });
  });

  it('go on with an offer behind those of a model', async () => {
    const offer = free('offer', behind(2, at(SURE, 8, 9)));
    const { cascade } = setUp([offer, model('model', behind(0, at(SURE, 5, 6)))]);
    expect(await draftOf(cascade)).toMatchObject({
      tokens: [5, 6, 8, 9],
      sources: ['model', 'model', 'offer', 'offer'],
    });
  });

  it('stand behind what is there already, for a draft model that is drafted for', async () => {
    const offer = free('offer', behind(2, at(SURE, 1)));
    const large = model('model', behind(3, at(SURE, 2)));
    expect((await draftOf(setUp([offer, large]).cascade, { prefix: [4, 5] })).tokens).toEqual([1, 2]);
    expect(offer.requests[0]!.prefix).toEqual([4, 5]);
    expect(large.requests.at(-1)!.prefix).toEqual([4, 5, 1]);
  });

  it('are eight tokens together while those that say them are cold', async () => {
    const endless = (name: string) => free(name, () => at(SURE, ...Array<Token>(16).fill(1)));
    const large = model('model', () => at(SURE, ...Array<Token>(16).fill(2)));
    const { cascade } = setUp([endless('one'), endless('two'), large], { max: 16, knowledge: knowledgeOf(0) });
    expect((await draftOf(cascade)).tokens).toHaveLength(8);
  });

  it('fill the room and no more, whatever a drafter says, under either rule', async () => {
    for (const rule of ['matching', 'rejection'] satisfies DrawRule[]) {
      const tokens = Array<Token>(12).fill(1);
      const wild = (name: string) =>
        Object.assign(
          model(name, () => []),
          { propose: async () => ({ tokens, confidences: tokens.map(() => SURE) }) },
        );
      const draft = await draftOf(setUp([wild('one'), wild('two')]).cascade, { rule, room: 5 });
      expect(draft.tokens).toHaveLength(5);
      expect((await draftOf(setUp([wild('one')], { max: 3 }).cascade, { rule })).tokens).toHaveLength(3);
    }
  });

  it('come to an end where drafters say little that nobody asked for', async () => {
    const says = (name: string) =>
      Object.assign(
        model(name, () => []),
        { propose: async () => ({ tokens: [1], confidences: [SURE] }) },
      );
    const draft = await draftOf(setUp([says('one'), says('two')]).cascade, { rule: 'rejection' });
    expect(draft.tokens.length).toBeLessThanOrEqual(8);
  });

  it('end with a token that ends the text', async () => {
    const { cascade } = setUp([
      free('offer', behind(0, at(SURE, 1, END, 2, 3))),
      model('model', behind(2, at(SURE, 4))),
    ]);
    expect((await draftOf(cascade)).tokens).toEqual([1, END]);
    const drafted = setUp([free('offer', behind(1, at(SURE, 2))), model('model', () => at(SURE, END))]);
    expect((await draftOf(drafted.cascade)).tokens).toEqual([END]);
  });
});

describe('a model', () => {
  it('is not asked where its forwards cost more than they may bring', async () => {
    const dear = model('model', () => at(SURE, 1), { ...CHEAP, first: 3, next: 3 });
    const { cascade } = setUp([dear]);
    await plainRounds(cascade, 40);
    expect(dear.requests).toEqual([]);
  });

  it('is not asked where an offer leaves nothing to gain', async () => {
    const large = model('model', () => at(SURE, 5));
    const { cascade } = setUp([free('offer', () => at(SURE, 1, 2, 3, 4, 1, 2, 3, 4)), large]);
    expect((await draftOf(cascade)).tokens).toHaveLength(8);
    expect(large.requests).toEqual([]);
  });

  it('that has to catch up on more than may be lost is not asked', async () => {
    const far = model('model', () => at(SURE, 1, 2, 3), { first: 6, next: 0.05, probe: 6, behind: 600 });
    const { cascade, knowledge } = setUp([far]);
    expect((await draftOf(cascade)).tokens).toEqual([]);
    knowledge.ledger.addPlain(1000);
    await plainRounds(cascade, 8);
    expect((await draftOf(cascade)).tokens).toEqual([1, 2, 3]);
  });

  it('is not thought of for eight rounds where it was not worth it', async () => {
    const dear = model('model', () => at(SURE, 1), { ...CHEAP, first: 3, next: 3 });
    const { cascade } = setUp([dear]);
    await plainRounds(cascade, 1);
    const thoughts = dear.priced;
    await plainRounds(cascade, 7);
    expect(dear.priced).toBe(thoughts);
    await plainRounds(cascade, 1);
    expect(dear.priced).toBeGreaterThan(thoughts);
  });

  it('loses the end of its draft under matching where that is not worth verifying, and nothing under rejection', async () => {
    const says = () => [...at(SURE, 1, 2), ...at(NOT, 3)];
    const matched = await setUp([model('model', says)], { knowledge: knowledgeOf(0.3) }).cascade.propose(request());
    expect(matched).toMatchObject({ draft: { tokens: [1, 2] }, dropped: 1 });
    // Peaks that admit a token whose own confidence turns out to be low.
    const drawn = Object.assign(
      model('model', () => []),
      {
        propose: async ({ length }: { length: { admits(peak: number): boolean } }) => {
          const confidences = [SURE, SURE, NOT].filter(() => length.admits(SURE));
          return { tokens: [1, 2, 3], confidences, laws: confidences.map(() => ({ ids: [3], probabilities: [1] })) };
        },
      },
    );
    const rejected = await setUp([drawn], { knowledge: knowledgeOf(0.3) }).cascade.propose(
      request({ rule: 'rejection' }),
    );
    expect(rejected).toMatchObject({ draft: { tokens: [1, 2, 3] }, dropped: 0 });
    expect(rejected.draft.laws).toHaveLength(3);
  });

  it('keeps under rejection also what was drawn in the hope of more that did not come', async () => {
    // The first row more is dear, those behind it are free.
    const points = [1, 2, 16].map((rows) => ({ rows, ms: rows === 1 ? 1 : 2.2 }));
    const draftUnder = async (rule: DrawRule) => {
      const knowledge = new Knowledge({ costs: { points, levels: [1] } });
      return (await setUp([model('model', () => at(SURE, 1))], { knowledge }).cascade.propose(request({ rule }))).draft;
    };
    expect((await draftUnder('matching')).tokens).toEqual([]);
    expect((await draftUnder('rejection')).tokens).toEqual([1]);
  });

  it('gives its laws, each beside its token, and an offer none, which was chosen by what it says', async () => {
    const lawful = free('offer', () => []);
    const laws = [1, 2].map((token) => ({ ids: [token], probabilities: [1] }));
    const offer = Object.assign(lawful, { propose: async () => ({ tokens: [1, 2], confidences: [SURE, SURE], laws }) });
    const { cascade } = setUp([offer, model('model', behind(2, at(SURE, 5)))]);
    const draft = await draftOf(cascade, { rule: 'rejection' });
    expect(draft.tokens.slice(0, 3)).toEqual([1, 2, 5]);
    expect(draft.laws?.slice(0, 3)).toEqual([undefined, undefined, { ids: [5], probabilities: [1] }]);
  });
});

describe('what it learns', () => {
  it('is of offers in every round, used or not, up to the first token that the text does not have', async () => {
    const used = free('used', behind(0, at(SURE, 1, 2, 3)));
    const unused = free('unused', behind(0, at(EVEN, 1, 2, 9, 4)));
    const { cascade, judged } = setUp([used, unused]);
    const draft = await draftOf(cascade);
    expect(draft.sources).toEqual(['used', 'used', 'used']);
    close(cascade, draft, 3, 4);
    expect([judged('used'), judged('unused')]).toEqual([3, 3]);
  });

  it('is of a model what was judged, and of an offer behind it', async () => {
    const { cascade, judged } = setUp([
      free('offer', behind(2, at(SURE, 8, 9))),
      model('model', behind(0, at(SURE, 5, 6))),
    ]);
    const draft = await draftOf(cascade);
    close(cascade, draft, 2, 0);
    // The model's tokens were accepted, the offer's first was not, its second nobody judged.
    expect([judged('model'), judged('offer')]).toEqual([2, 1]);
  });

  it('is nothing of tokens that nobody looked at, behind the end of what was written', async () => {
    const { cascade, judged } = setUp([model('model', () => at(SURE, 1, 2, 3, 4))]);
    const draft = await draftOf(cascade);
    cascade.observe({ ...roundOutcome(draft, 2), tokens: draft.tokens.slice(0, 2) });
    expect(judged('model')).toBe(2);
  });

  it('is told to every drafter after every round, also one that nobody was asked in', async () => {
    const drafters = [free('offer', () => []), model('model', () => [])];
    const { cascade } = setUp(drafters);
    const outcome = roundOutcome({ tokens: [], confidences: [] }, 0);
    cascade.observe(outcome);
    expect(drafters.map(({ outcomes }) => outcomes)).toEqual([[outcome], [outcome]]);
  });
});

/** So many other requests, each with one row. */
function besides(count: number): Company {
  const others = { requests: count, rows: count, promptRows: 0, waitedMs: 0 };
  return { expected: () => others, inLastPass: () => others };
}

describe('with other requests in the pass', () => {
  it('drafts less, and nothing where every row makes all of them wait', async () => {
    const lengths = await Promise.all(
      [0, 6, 20].map(async (others) => {
        const { cascade } = setUp([free('offer', () => at(LIKELY, 1, 2, 3, 4))], {
          company: besides(others),
        });
        return (await draftOf(cascade)).tokens.length;
      }),
    );
    expect(lengths[0]).toBe(4);
    expect(lengths[1]).toBeGreaterThan(0);
    expect(lengths[1]).toBeLessThan(4);
    expect(lengths[2]).toBe(0);
  });
});
