import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLAG_ALIASES, rewriteArguments } from './argv.js';
import { Output } from './output.js';
import { buildProgram } from './program.js';
import { stage } from './testing/surroundings.js';

const takesValue = (flag: string): boolean => ['--stop', '-m', '-n', '--model-draft', '--draft-max'].includes(flag);
const rewrite = (...argv: string[]): string[] => rewriteArguments(argv, takesValue);

describe('rewriteArguments', () => {
  it.each([
    ['-md', '--model-draft'],
    ['-ngl', '--gpu-layers'],
    ['-ngld', '--gpu-layers-draft'],
    ['-td', '--threads-draft'],
    ['-ctk', '--cache-type-k'],
    ['-ctvd', '--cache-type-v-draft'],
    ['-sys', '--system'],
    ['-r', '--stop'],
  ])('knows llama.cpp’s %s as %s', (short, long) => {
    expect(rewrite(short, 'x')).toEqual([long, 'x']);
    expect(rewrite(`${short}=x=y`)).toEqual([`${long}=x=y`]);
  });

  it.each([
    ['--draftmodel', '--model-draft'],
    ['--draftamount', '--draft-max'],
    ['--contextsize', '--ctx-size'],
    ['--gpulayers', '--gpu-layers'],
    ['--draftgpulayers', '--gpu-layers-draft'],
    ['--draft', '--draft-max'],
    ['--draft-n', '--draft-max'],
    ['--spec-draft-n-max', '--draft-max'],
    ['--spec-draft-n-min', '--draft-min'],
    ['--spec-draft-p-min', '--draft-p-min'],
    ['--n-predict', '--predict'],
    ['--temperature', '--temp'],
    ['--top-n-sigma', '--top-nsigma'],
  ])('knows %s as %s', (old, name) => {
    expect(rewrite(old, '3')).toEqual([name, '3']);
  });

  it('leaves values alone that look like flags', () => {
    expect(rewrite('run', '--stop', '-md', '-md', '-ngl')).toEqual(['run', '--stop', '-md', '--model-draft', '-ngl']);
    expect(rewrite('--stop=-md', '-m', '-md')).toEqual(['--stop=-md', '-m', '-md']);
  });

  it('leaves everything behind -- alone', () => {
    expect(rewrite('run', '--', '-md', '-xyz')).toEqual(['run', '--', '-md', '-xyz']);
  });

  it('takes a value behind = for a short flag, and one that is attached', () => {
    expect(rewrite('-m=a=b', '-n8')).toEqual(['-m', 'a=b', '-n8']);
  });

  it.each(['-fa', '-cb', '-cmoe', '-mfile.gguf', '-MD'])('refuses %s instead of cutting it in two', (flag) => {
    expect(() => rewrite(flag, '1')).toThrow(`unknown option '${flag}'`);
  });

  it('never changes arguments without a dash', () => {
    fc.assert(
      fc.property(fc.array(fc.string().filter((text) => !text.startsWith('-'))), (words) => {
        expect(rewrite(...words)).toEqual(words);
      }),
    );
  });
});

describe('the aliases', () => {
  const { surroundings, stdout, stderr } = stage();
  const outputs = { out: new Output(stdout, 'standard output'), err: new Output(stderr, 'standard error') };
  const program = buildProgram(outputs, surroundings, { code: 0, help: '' });
  const flags = program.commands.flatMap(({ options }) => options.flatMap(({ short, long }) => [short, long]));

  it('stand for flags that there are, and for no other', () => {
    for (const [alias, name] of FLAG_ALIASES) {
      expect(flags, alias).toContain(name);
      expect(flags).not.toContain(alias);
    }
  });
});
