import { describe, expect, it } from 'vitest';
import { JinjaTemplate } from './jinja-template.js';

const NOW = new Date(2026, 2, 5, 15, 4);
const render = (source: string, variables: Record<string, unknown> = {}) =>
  new JinjaTemplate(source).render(variables, NOW);

describe('JinjaTemplate', () => {
  it('knows the functions and constants of chat templates', () => {
    expect(render("{{ range(3) | join(',') }} {{ range(5, 1, -2) | join(',') }}")).toBe('0,1,2 5,3');
    expect(render("{{ strftime_now('%d %B %Y') }}")).toBe('05 March 2026');
    expect(render('{{ none is none }}{{ None is none }}{{ true and True and not false and not False }}')).toBe(
      'truetruetrue',
    );
  });

  it('gives the words of a raised exception, in one line', () => {
    expect(() => render("{{ raise_exception('Only\n  users!') }}")).toThrow(
      expect.objectContaining({ failure: 'refused', words: 'Only users!' }),
    );
  });

  it.each(['{% nonsense %}', '{{ messages[0', '{{ 1 | nonsense }}', '{{ a() }}', '{% macro f(x) %}{{ f(x) }}'])(
    'calls %s broken',
    (source) => {
      expect(() => render(source)).toThrow(expect.objectContaining({ failure: 'broken' }));
    },
  );

  it.each([
    ['a long loop', '{% for i in range(1000000000) %}x{% endfor %}'],
    [
      'nested loops',
      '{% for i in range(999) %}{% for j in range(999) %}{% for k in range(999) %}x{% endfor %}{% endfor %}{% endfor %}',
    ],
    [
      'a list that doubles',
      '{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}',
    ],
    [
      'a text that doubles',
      "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    ],
  ])('ends %s', (_, source) => {
    expect(() => render(source)).toThrow(expect.objectContaining({ failure: 'endless' }));
  });

  it('has time for long conversations', () => {
    const messages = Array.from({ length: 2000 }, (_, index) => ({
      role: index % 2 ? 'user' : 'assistant',
      content: 'hi',
    }));
    const source =
      '{% for m in messages %}{% if loop.first or m.role != messages[loop.index0 - 1].role %}{{ m.content }}{% endif %}{% endfor %}';
    expect(render(source, { messages })).toBe('hi'.repeat(2000));
    expect(render('{{ text | trim }}', { text: 'a'.repeat(10_000_000) })).toHaveLength(10_000_000);
  });

  it('refuses sources that would take long to read', () => {
    expect(() => render(' '.repeat(2000))).toThrow(/blanks in a row/);
    expect(() => render('x'.repeat(300_000))).toThrow(/300000 characters/);
  });
});
