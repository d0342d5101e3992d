import { describe, expect, test } from 'vitest';
import type { DraftDescription, EngineDescription } from '../engine/service.js';
import { modelNamed, modelNames, modeOf } from './model-names.js';
import { FakeService } from './testing/fake-service.js';

const { target, drafts } = new FakeService().description;
const [draft] = drafts as readonly [DraftDescription, ...DraftDescription[]];
const pair: Pick<EngineDescription, 'target' | 'drafts'> = { target, drafts };

const listed = (models = pair, mode: Parameters<typeof modelNames>[1] = 'speculative') =>
  modelNames(models, mode).map(({ id, mode, writer }) => [id, mode, ...(writer === undefined ? [] : [writer])]);

describe('what is listed', () => {
  test('the default comes first', () => {
    expect(listed()).toEqual([
      ['main', 'speculative'],
      ['main:main', 'main'],
      ['main:auto', 'auto'],
      ['draft', 'draft', 'draft'],
    ]);
    expect(listed(pair, 'auto')[0]).toEqual(['main:auto', 'auto']);
    expect(listed(pair, 'draft')[0]).toEqual(['draft', 'draft', 'draft']);
  });

  test('every draft once, the largest first, and none by the name of the target', () => {
    const small = { ...draft, name: 'small', parameters: 1 };
    const large = { ...draft, name: 'large', parameters: 2 };
    const same = { ...draft, name: 'main', parameters: 3 };
    expect(listed({ target, drafts: [small, large, same, large] }).slice(3)).toEqual([
      ['main:draft', 'draft', 'main'],
      ['large', 'draft', 'large'],
      ['small', 'draft', 'small'],
    ]);
  });

  test('without a draft model nothing that needs one', () => {
    expect(listed({ target, drafts: [] })).toEqual([
      ['main', 'speculative'],
      ['main:main', 'main'],
    ]);
  });
});

test.each([undefined, '', 'auto', 'gpt-4o', 'main:other'])('%j means the default', (id) => {
  expect(modelNamed(pair, id, 'speculative').id).toBe('main');
  expect(modelNamed(pair, id, 'main').id).toBe('main:main');
});

test('a name that is listed means what it says, whatever the default', () => {
  expect(modelNamed(pair, 'main', 'auto').mode).toBe('speculative');
});

test('the mode of a request goes before that of its model; the writer stays in mode draft only', () => {
  const named = modelNamed(pair, 'draft', 'speculative');
  expect(modeOf(named, undefined)).toEqual({ mode: 'draft', writer: 'draft' });
  expect(modeOf(named, 'draft')).toEqual({ mode: 'draft', writer: 'draft' });
  expect(modeOf(named, 'main')).toEqual({ mode: 'main' });
  expect(modeOf({ mode: 'auto' }, undefined)).toEqual({ mode: 'auto' });
});
