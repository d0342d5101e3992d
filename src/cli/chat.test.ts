import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OutriderError } from '../errors.js';
import { FakeService, failsAfter, says } from '../server/testing/fake-service.js';
import { runProgram } from './program.js';
import { type StageOptions, stage } from './testing/surroundings.js';
import { RecordingSink } from './testing/text-sink.js';

/** An answer that tells what was asked. */
function echo(description: ConstructorParameters<typeof FakeService>[1] = {}): FakeService {
  const service = new FakeService((request, signal) => {
    const { prompt } = request;
    const last = 'messages' in prompt ? prompt.messages.at(-1)?.content : '';
    return says(['You said ', String(last), '.'])(request, signal);
  }, description);
  return service;
}

async function chatted(lines: readonly string[], argv: readonly string[] = [], options: StageOptions = {}) {
  const service = options.service ?? echo();
  const stdin = Readable.from([Buffer.from(lines.map((line) => `${line}\n`).join(''))]);
  const { surroundings, stdout, stderr, loaded } = stage({ stdin, service, ...options });
  const code = await runProgram(['chat', ...argv], surroundings);
  return { code, out: stdout.text, err: stderr.text, loaded, requests: (service as FakeService).requests, service };
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'outrider-chat-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

describe('a chat from a pipe', () => {
  it('answers a message a line, each behind those before it, and says nothing else', async () => {
    const { code, out, err, requests, service } = await chatted(['Hello', '', 'And now?']);
    expect([code, out, err]).toEqual([0, 'You said Hello.\nYou said And now?.\n', '']);
    expect(requests.map(({ prompt }) => prompt)).toEqual([
      { messages: [user('Hello')] },
      { messages: [user('Hello'), assistant('You said Hello.'), user('And now?')] },
    ]);
    expect((service as FakeService).closed).toBe(true);
  });

  it('has modes, a system message and settings that hold from then on', async () => {
    const { requests, err } = await chatted(
      ['Hi', '/mode draft', '/set temp 0.5', '/system Be brief.', 'Hi', '/set temp', '/set top-k 3', '/set', 'Hi'],
      ['--system', 'Be kind.', '-n', '9', '--mode', 'main'],
    );
    expect(requests).toMatchObject([
      { mode: 'main', maxTokens: 9, prompt: { messages: [{ content: 'Be kind.' }, user('Hi')] } },
      {
        mode: 'draft',
        maxTokens: 9,
        sampling: { temperature: 0.5 },
        prompt: { messages: [{ content: 'Be brief.' }, {}, {}, {}] },
      },
      { mode: 'draft', sampling: { topK: 3 } },
    ]);
    expect(requests[2]!.sampling).not.toHaveProperty('temperature');
    expect(err).toContain('predict 9\ntop-k 3\n');
  });

  it('answers again, with another seed where one was given', async () => {
    const { requests } = await chatted(['/retry', 'Hi', '/retry', '/retry', 'Ho'], ['--seed', '7']);
    expect(requests.map(({ seed }) => seed)).toEqual([7, 8, 9, 7]);
    expect(requests[2]!.prompt).toEqual({ messages: [user('Hi')] });
    expect(requests[3]!.prompt).toMatchObject({ messages: [user('Hi'), assistant('You said Hi.'), user('Ho')] });
  });

  it('begins anew, tells what there is, and what it does not understand, and goes on', async () => {
    const lines = [
      'Hi',
      '/clear',
      '/nonsense',
      '/set nonsense 1',
      '/set temp hot',
      '/mode both',
      '/help',
      '/stats',
      'Ho',
      '/stats',
    ];
    const { code, requests, err } = await chatted(lines);
    expect(code).toBe(0);
    expect(requests[1]!.prompt).toEqual({ messages: [user('Ho')] });
    expect(err).toContain('outrider: there is no /nonsense');
    expect(err).toContain("outrider: /set: there is no 'nonsense'; it knows predict, stop");
    expect(err).toContain("outrider: --temp: expected a number, got 'hot'");
    expect(err).toContain('outrider: /mode: expected one of');
    expect(err).toContain('/compare [message]');
    expect(err).toMatch(/3 tokens in .* ended by: stop\n/);
    expect(err).toContain('this chat: 2 answers, 6 tokens in');
  });

  it('leaves with /quit', async () => {
    expect((await chatted(['/quit', 'Hi'])).requests).toEqual([]);
  });

  it('lets both models answer the last message, or another one, and stays as it is', async () => {
    const { out, err, requests } = await chatted(['/compare', 'Hi', '/compare', '/compare Ho', 'Bye']);
    expect(err).toContain('/compare: there is no message yet');
    expect(out).toContain('main: main\nYou said Hi.\n\ndraft: draft\nYou said Hi.\n');
    expect(out).toContain('both texts are the same');
    expect(requests.map(({ mode }) => mode)).toEqual(['speculative', 'main', 'draft', 'main', 'draft', 'speculative']);
    expect(requests[1]!.prompt).toEqual({ messages: [user('Hi')] });
    expect(requests[3]!.prompt).toEqual({ messages: [user('Hi'), assistant('You said Hi.'), user('Ho')] });
    expect(requests[5]!.prompt).toMatchObject({ messages: [user('Hi'), assistant('You said Hi.'), user('Bye')] });
  });

  it('leaves the oldest messages out where the context ends, and says so', async () => {
    const { requests, err } = await chatted(['One'.repeat(9), 'Two', 'Three'], ['-n', '40'], {
      service: echo({ contextSize: 140 }),
    });
    expect(requests[1]!.prompt).toMatchObject({ messages: [user('Two')] });
    expect(requests[2]!.prompt).toMatchObject({ messages: [user('Two'), assistant('You said Two.'), user('Three')] });
    expect(err).toBe(
      'note: the chat is longer than the context of 140 tokens; from now on the models do not see its oldest messages\n',
    );
  });

  it('goes on when an answer fails, with the next message in place of the one without an answer', async () => {
    const { code, err, requests } = await chatted(['x'.repeat(5000), 'Hi']);
    expect(code).toBe(0);
    expect(err).toContain('the context holds 4096');
    expect(requests.at(-1)!.prompt).toEqual({ messages: [user('Hi')] });
  });

  it('tells of an error behind what was written before it, on a line of its own', async () => {
    const service = new FakeService(failsAfter(['Half'], new OutriderError('backend_failed', 'it broke')));
    const { code, out, err } = await chatted(['Hi'], [], { service });
    expect([code, out, err]).toEqual([0, 'Half\n', 'outrider: it broke\n']);
  });

  it('ends with Ctrl-C while an answer is written', async () => {
    const service = new FakeService();
    const { surroundings, stdout, interrupt } = stage({ stdin: Readable.from([Buffer.from('Hi\nHo\n')]), service });
    service.script = says(['a', 'b', 'c', 'd', 'e'], async () => {
      if (stdout.text.includes('b')) interrupt();
    });
    expect(await runProgram(['chat'], surroundings)).toBe(130);
    expect(service.requests).toHaveLength(1);
    expect(service.closed).toBe(true);
  });
});

describe('a saved chat', () => {
  it('goes on where it was, and is written after every answer', async () => {
    const path = join(await folder(), 'chat.json');
    await chatted(['Hi'], ['--save', path, '--system', 'Be brief.']);
    const messages = [{ role: 'system', content: 'Be brief.' }, user('Hi'), assistant('You said Hi.')];
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ messages });
    const { requests } = await chatted(['Ho'], ['--load', path]);
    expect(requests[0]!.prompt).toEqual({ messages: [...messages, user('Ho')] });
  });

  it('is written and read in the middle of a chat', async () => {
    const path = join(await folder(), 'chat.json');
    const { requests, err } = await chatted(['/save', 'Hi', `/save ${path}`, '/clear', `/load ${path}`, 'Ho']);
    expect(err).toContain('/save: expected a file');
    expect(err).toContain(`2 messages are in ${path}`);
    expect(requests.at(-1)!.prompt).toEqual({ messages: [user('Hi'), assistant('You said Hi.'), user('Ho')] });
  });

  const wrong: Record<string, string> = {
    'no JSON': 'Hello',
    'no chat': '{"text": "Hello"}',
    'a stranger': '{"messages": [{"role": "tool", "content": "x"}]}',
    'a second system message': '{"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "x"}]}',
  };
  for (const [name, text] of Object.entries(wrong)) {
    it(`is refused before anything is loaded where it is ${name}`, async () => {
      const path = join(await folder(), 'chat.json');
      await writeFile(path, text);
      const { code, err, loaded } = await chatted([], ['--load', path]);
      expect([code, loaded]).toEqual([2, []]);
      expect(err).toContain('expected {"messages": [...]}');
    });
  }

  it('that cannot be read or written is told', async () => {
    expect((await chatted([], ['--load', '/nowhere/chat.json'])).err).toContain('(ENOENT)');
    const { code, out, err } = await chatted(['Hi', 'Ho'], ['--save', '/nowhere/chat.json']);
    expect([code, out]).toEqual([0, 'You said Hi.\nYou said Ho.\n']);
    expect(err).toContain('cannot write the chat to /nowhere/chat.json (ENOENT)');
  });
});

/** Somebody at a terminal, who reads before typing. */
function terminal(options: StageOptions = {}) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = new RecordingSink({ isTTY: true });
  const service = (options.service as FakeService | undefined) ?? echo();
  const { surroundings, stderr, interrupt } = stage({ env: { NO_COLOR: '1' }, ...options, stdin, stdout, service });
  const done = runProgram(['chat'], surroundings);
  const type = async (keys: string, answer: string): Promise<void> => {
    const before = stdout.text.length + stderr.text.length;
    const seen = (): string => stdout.text + stderr.text;
    stdin.write(keys);
    await expect.poll(() => seen().length > before && seen().includes(answer)).toBe(true);
    await expect.poll(() => stdout.text).toMatch(/> [^\n]*$/);
  };
  return { type, done, stdin, stdout, stderr, interrupt, service };
}

const CTRL_C = '\x03';
const CTRL_D = '\x04';

describe('a chat at a terminal', () => {
  it('greets, prompts, answers, sums up, and ends with Ctrl-D', async () => {
    const { type, done, stdin, stdout, stderr } = terminal();
    await expect.poll(() => stdout.text).toMatch(/> /);
    expect(stderr.text).toBe('main with draft, a context of 4096 tokens. /help shows the commands, /quit leaves.\n');
    await type('Hi\r', 'You said Hi.');
    expect(stderr.text).toContain('3 tokens, 60.0 tokens/s, 1 of 1 drafted tokens accepted\n');
    await type('/mode draft\r', 'mode draft');
    expect(stdout.text).toMatch(/draft> [^\n]*$/);
    stdin.write(CTRL_D);
    expect(await done).toBe(0);
  });

  it('ends with Ctrl-C where nothing is written, which drops what is written else', async () => {
    const { type, done, stdin, service } = terminal();
    await type(`never${CTRL_C}said\r`, 'You said said.');
    stdin.write(CTRL_C);
    expect(await done).toBe(0);
    expect(service.requests).toHaveLength(1);
  });

  it('takes pasted lines as one message, and continued ones', async () => {
    const { type, done, stdin, stdout, service } = terminal();
    stdin.write('one\rtwo\rthr');
    await expect.poll(() => stdout.text).toContain('thr');
    await type('ee\r', 'three.');
    stdin.write('four\\\r');
    await expect.poll(() => stdout.text).toContain('… ');
    await type('five\r', 'five.');
    stdin.write(CTRL_D);
    await done;
    const said = service.requests.map(({ prompt }) => 'messages' in prompt && prompt.messages.at(-1)?.content);
    expect(said).toEqual(['one\ntwo\nthree', 'four\nfive']);
  });

  it('remembers what was said', async () => {
    const { type, done, stdin, service } = terminal();
    await type('first\r', 'You said first.');
    await type('second\r', 'You said second.');
    await type('\x1b[A\x1b[A\r', 'You said first.');
    stdin.write(CTRL_D);
    await done;
    expect(service.requests.at(-1)!.prompt).toMatchObject({ messages: [{}, {}, {}, {}, user('first')] });
  });

  it('completes commands', async () => {
    const { type, done, stdin, stdout } = terminal();
    stdin.write('/sta\t');
    await expect.poll(() => stdout.text).toContain('/stats');
    await type('\r', 'nothing was answered yet');
    stdin.write(CTRL_D);
    await done;
  });

  it('goes on behind an answer that was stopped', async () => {
    const service = new FakeService();
    const { type, done, stdin, stdout, stderr, interrupt } = terminal({ service });
    service.script = says(['a', 'b', 'c', 'd', 'e'], async () => {
      if (stdout.text.includes('ab')) interrupt();
    });
    await type('Hi\r', 'stopped');
    service.script = says(['fine']);
    await type('Ho\r', 'fine');
    stdin.write(CTRL_D);
    expect(await done).toBe(0);
    expect(stderr.text).toContain('stopped');
    const { prompt } = service.request;
    expect(prompt).toMatchObject({
      messages: [user('Hi'), { role: 'assistant', content: expect.stringMatching(/^ab/) }, {}],
    });
  });
});
