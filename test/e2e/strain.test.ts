/** Small runs of the tools that put a server under strain; what they look at, they say themselves. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const execute = promisify(execFile);

/** The report of a tool. Its exit code says whether all was well; `faults` say what was not. */
async function reportOf(tool: string, ...flags: string[]): Promise<Record<string, unknown>> {
  const path = fileURLToPath(new URL(`../../tools/${tool}`, import.meta.url));
  const ended = await execute(process.execPath, [path, ...flags, '--threads', '1', '--json']).catch((error) => error);
  return JSON.parse(ended.stdout);
}

it('five kills of the engine leave four strict streams as they would have been', async () => {
  const report = await reportOf('kill-engine.js', '--strict', '--kills', '5', '--tokens', '200');
  expect(report).toMatchObject({ faults: [], kills: 5, partings: [], equal: report.streams });
});

it('sixty requests of every dialect, more than run at once, get what they get alone', async () => {
  const report = await reportOf('soak.js', '--requests', '60', '--parallel', '4');
  expect(report).toMatchObject({ faults: [], requests: 60 });
  expect(report.equal).toBeGreaterThan(20);
});
