import { expect, it } from 'vitest';
import type { GenerationRequest } from './request.js';
import { routeRequest } from './route-request.js';
import { fakeEngine } from './testing/engine.js';
import { FAKE, PIECES } from './testing/fake-vocabulary.js';

const first = FAKE.firstByte + 256;

it.each([
  ['its own', PIECES, 'draft'],
  ['other ones', [...PIECES].reverse(), 'target'],
  ['none', [], 'target'],
] as const)(
  'who is asked by ids goes by whose they are: for the draft model they are %s',
  async (_, pieces, expected) => {
    const { engine } = await fakeEngine({ draft: { pieces } });
    const routed = (changes: Partial<GenerationRequest>) => {
      const rules = [{ name: 'all', to: 'draft', reason: 'for a test', when: {} }] as const;
      return routeRequest({ prompt: { text: 'a' }, mode: 'auto', ...changes }, engine.models, rules, () => 1);
    };
    const named: Partial<GenerationRequest>[] = [
      { prompt: { tokens: [FAKE.bos, first] } },
      { sampling: { logitBias: new Map([[first, 5]]) } },
    ];
    for (const changes of named) expect(routed(changes)).toMatchObject({ route: { to: expected, rule: 'all' } });
    expect(routed({})).toMatchObject({ route: { to: 'draft' } });
    const nobodys = { sampling: { logitBias: new Map([[10_000, 5]]) } };
    expect(() => routed(nobodys)).toThrow('logitBias: expected token ids');
  },
);
