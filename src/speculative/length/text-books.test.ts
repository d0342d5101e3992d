import { describe, expect, it } from 'vitest';
import { Knowledge } from './knowledge.js';
import { TextBooks } from './text-books.js';

describe('the books of a text', () => {
  const knowledgeOf = () => new Knowledge({ costs: { points: [{ rows: 1, ms: 1 }] } });

  it('are the same for a drafter that is made anew', () => {
    const books = new TextBooks({ knowledge: knowledgeOf(), kind: 'test', max: 8 });
    const first = books.of({ name: 'one' });
    first.acceptance.matching.learn(0.5, true);
    expect(books.of({ name: 'one' })).toBe(first);
    expect(books.of({ name: 'two' })).not.toBe(first);
  });

  it('are those of a text that is being written, until they are closed', () => {
    const knowledge = knowledgeOf();
    const books = new TextBooks({ knowledge, kind: 'test', max: 8 });
    expect(knowledge.texts).toBe(1);
    books.close();
    books.close();
    expect(knowledge.texts).toBe(0);
  });
});
