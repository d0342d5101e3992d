import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { chartGroups } from './report/charts.js';
import { sampleResult } from './report/testing/sample-result.js';
import { renderHtml } from './report-html.js';
import type { BenchResult } from './result.js';

const page = renderHtml(sampleResult());

/** Attributes and content of the page's scripts, as an HTML parser finds them: up to the first end tag. */
function scripts(html: string): { readonly attributes: string; readonly content: string }[] {
  return [...html.matchAll(/<script([^>]*)>(.*?)<\/script/gis)].map(([, attributes, content]) => ({
    attributes: attributes!,
    content: content!,
  }));
}

function named(name: string): BenchResult {
  const sample = sampleResult();
  const [workload] = sample.workloads;
  return {
    ...sample,
    models: { ...sample.models, target: { ...sample.models.target, name, description: name } },
    workloads: [{ ...workload!, name, policies: { [name]: workload!.policies.adaptive! } }],
  };
}

describe('the tables', () => {
  const rows = (caption: string) =>
    page
      .slice(page.indexOf(`<caption>${caption}`))
      .split('</table>')[0]!
      .match(/<tr>.*?<\/tr>/gs)!
      .slice(1);

  test('hold every workload, with each policy', () => {
    const found = rows('Speed-up over plain decoding');
    for (const [i, { name, policies }] of sampleResult().workloads.entries()) {
      expect(found[i]).toContain(`<th scope="row" class="text">${name}</th>`);
      for (const { speedup, interval } of Object.values(policies)) {
        expect(found[i]).toContain(`${speedup.toFixed(2)}×`);
        expect(found[i]).toContain(`${interval[0].toFixed(2)} to ${interval[1].toFixed(2)}`);
      }
    }
  });

  test('mark what is slower for certain, and only that', () => {
    const hopeless = rows('Speed-up over plain decoding').find((row) => row.includes('hopeless'))!;
    expect(hopeless).toContain('<b class="even">0.99×</b>');
    expect(hopeless).toContain('<b class="slower">0.34×</b>');
  });

  test('are left out where there is nothing to say', () => {
    const sample = sampleResult();
    const workloads = sample.workloads.map((workload) => ({ ...workload, peers: {}, oracle: undefined }));
    const bare = renderHtml({ ...sample, workloads });
    expect(page).toContain('Other programs');
    expect(page).toContain('Perfect foresight');
    expect(bare).not.toContain('Other programs');
    expect(bare).not.toMatch(/perfect foresight/i);
    expect(bare).not.toContain('NaN');
  });
});

describe('the page', () => {
  test('fetches nothing', () => {
    const markup = page.replaceAll(/<script[^>]*>.*?<\/script>/gs, '');
    expect(markup).not.toMatch(/https?:|url\(|@import|\s(src|href|srcset|action)=/);
    expect(page).not.toMatch(/\son\w+="/);
    expect(markup).toContain('content="default-src &#39;none&#39;; base-uri');
  });

  test('allows exactly its own scripts, which parse', () => {
    const programs = scripts(page).filter(({ attributes }) => !attributes.includes('json'));
    expect(programs).toHaveLength(2);
    for (const { content } of programs) {
      const hash = createHash('sha256').update(content).digest('base64');
      expect(page.split('</head>')[0]).toContain(`&#39;sha256-${hash}&#39;`);
      expect(() => new Script(content)).not.toThrow();
    }
  });

  test('holds the data of its plots', () => {
    const data = scripts(page).find(({ attributes }) => attributes.includes('json'))!;
    expect(JSON.parse(data.content)).toEqual(chartGroups(sampleResult()));
    for (const { id } of chartGroups(sampleResult())) expect(page).toContain(`data-chart="${id}"`);
  });

  test('takes names for what they are', () => {
    const hostile = '</script><script>alert("1")</script><!--\'';
    const html = renderHtml(named(hostile));
    expect(scripts(html)).toHaveLength(3);
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;!--&#39;');
    const data = scripts(html).find(({ attributes }) => attributes.includes('json'))!;
    expect(data.content).not.toContain('<');
    expect(JSON.parse(data.content)[0].charts[0].name).toBe(hostile);
  });

  test('says that it was interrupted', () => {
    expect(renderHtml({ ...sampleResult(), end: 'interrupted' })).toContain('only what was whole by then');
    expect(page).not.toContain('only what was whole by then');
  });

  test('is the same for the same result', () => expect(renderHtml(sampleResult())).toBe(page));
});
