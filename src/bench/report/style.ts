/** The page's style sheet. Colours are variables, so that the plots' script reads them too. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #fff; --text: #1c1f24; --muted: #5d6470; --line: #e3e4e8;
  --faster: #0a7a4b; --slower: #bb2626;
  --series-0: #0b66c3; --series-1: #d1580a; --series-2: #00875f; --series-3: #a3418b;
  --series-4: #96690a; --series-5: #2592c4; --series-6: #767d89; --series-7: #6d4fe0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --card: #1b1e24; --text: #e6e8ec; --muted: #9aa2af; --line: #2e333c;
    --faster: #41c98d; --slower: #ff7b72;
    --series-0: #5aa9ff; --series-1: #ff9352; --series-2: #35c99a; --series-3: #e08cc8;
    --series-4: #e0b53e; --series-5: #7fd0f5; --series-6: #8b94a3; --series-7: #b09cff;
  }
}
${Array.from({ length: 8 }, (_, i) => `.series-${i} { --series: var(--series-${i}); }`).join('\n')}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1080px; padding: 32px 20px 64px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums;
}
h1 { margin: 0 0 4px; font-size: 28px; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 0 0 4px; font-size: 19px; line-height: 1.3; }
p { margin: 0 0 12px; max-width: 72ch; }
small, .muted, figcaption, caption { color: var(--muted); font-size: 13px; }
section { margin-top: 20px; padding: 20px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin-top: 20px; }
.tile { padding: 14px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile b { display: block; font-size: 27px; line-height: 1.25; letter-spacing: -0.01em; }
.tile span { color: var(--muted); font-size: 13px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 8px 0 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.faster { color: var(--faster); }
.slower { color: var(--slower); }
b.slower::after { content: " ▼"; font-size: 0.75em; }
.scroll { overflow-x: auto; margin-top: 12px; }
:focus-visible { outline: 2px solid var(--series-0); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
caption { padding-bottom: 6px; text-align: left; }
th, td { padding: 6px 12px; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
th:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 2px; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--muted); font-weight: 500; font-size: 13px; vertical-align: bottom; }
tbody th { position: sticky; left: 0; background: var(--card); font-weight: 500; }
.text { text-align: left; }
.figure { text-align: right; }
td b + small { display: block; }
meter { width: 80px; height: 12px; vertical-align: -1px; }
details { margin-top: 12px; }
summary { cursor: pointer; color: var(--muted); font-size: 14px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 8px 0; font-size: 13px; }
.legend > * { display: inline-flex; align-items: center; gap: 5px; }
.legend input { margin: 0; accent-color: var(--series); }
.legend output { min-width: 4ch; color: var(--muted); }
.dot, .diamond, .dash { display: inline-block; width: 10px; height: 10px; border-radius: 50%; background: var(--series); }
.diamond { width: 9px; height: 9px; border: 1.5px solid var(--muted); border-radius: 0; background: none; rotate: 45deg; }
.dash { height: 0; border-radius: 0; border-top: 2px dashed var(--series); background: none; }
figure { margin: 8px 0 0; }
figure label select { margin-left: 4px; padding: 3px 6px; font: inherit; }
.plot { min-height: 220px; overflow: hidden; }
.row { display: grid; grid-template-columns: 110px 1fr; align-items: center; font-size: 14px; }
.row + .row { border-top: 1px solid var(--line); }
.row svg { width: 100%; display: block; overflow: visible; }
.row svg svg { width: auto; }
.row .grid { stroke: var(--line); }
.row .one { stroke: var(--muted); stroke-width: 1.5; }
.row .whisker { stroke: var(--series); stroke-width: 2.5; stroke-linecap: round; opacity: 0.55; }
.row circle { fill: var(--series); }
.row .oracle path { fill: var(--card); stroke: var(--muted); stroke-width: 1.5; }
.row text { fill: var(--muted); font-size: 12px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 20px; }
.pair > section { min-width: 0; }
@media (max-width: 800px) { .pair { display: block; } }
@media (max-width: 560px) {
  body { padding: 20px 12px 40px; }
  section { padding: 16px 14px; }
  .row { grid-template-columns: 1fr; padding-top: 6px; }
  .facts { column-gap: 12px; font-size: 14px; }
  .tiles { grid-template-columns: 1fr 1fr; }
}
@media print { section { break-inside: avoid; } }
`;
