import { expect, test } from 'vitest';
import { html } from './markup.js';

test('what a template holds is text, in elements and in attributes', () => {
  expect(html`<a title="${'"><script>'}">${"<b> & 'c'"}</a>`.text).toBe(
    '<a title="&quot;&gt;&lt;script&gt;">&lt;b&gt; &amp; &#39;c&#39;</a>',
  );
});

test('markup stays markup, lists are put together, nothing is nothing', () => {
  expect(html`<ul>${['<', '>'].map((text) => html`<li>${text}</li>`)}</ul>${undefined}${0}`.text).toBe(
    '<ul><li>&lt;</li><li>&gt;</li></ul>0',
  );
});
