import { createInterface, type Interface } from 'node:readline';
import { COMMAND_NAMES } from './chat-commands.js';
import type { TextSink, TextSource } from './surroundings.js';

/** Where the messages of a chat come from. */
export interface ChatInput {
  /** The next message; `undefined` at the end. */
  next(prompt: string): Promise<string | undefined>;
  close(): void;
}

/** A terminal sends pasted lines at once; nobody types the next one so fast, in milliseconds. */
const PASTE_MS = 20;
const HISTORY = 500;
const CONTINUED = '… ';

/** Lines of a pipe or a file: each is a message. */
export function pipedInput(stdin: TextSource): ChatInput {
  const reader = createInterface({ input: stdin, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
  const lines = reader[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await lines.next();
      return done ? undefined : value;
    },
    close: () => reader.close(),
  };
}

/**
 * Messages that are typed, with the editing and the history of readline. The terminal is readline's only while a message is
 * asked for: while an answer is written it is an ordinary one, where Ctrl-C is a signal.
 */
export function typedInput(stdin: TextSource, stdout: TextSink): ChatInput {
  let history: string[] = [];
  const open = (prompt: string): Interface =>
    createInterface({ input: stdin, output: stdout, terminal: true, prompt, history, historySize: HISTORY, completer });
  return {
    async next(prompt) {
      const reader = open(prompt);
      reader.on('history', (lines) => {
        history = lines;
      });
      const message = await typed(reader);
      reader.close();
      // The shell's own prompt, or the last words of this program, belong on a line of their own.
      if (message === undefined) stdout.write('\n');
      return message;
    },
    close: () => {},
  };
}

/** One message. Ctrl-D at its beginning and Ctrl-C where nothing is written end the chat; else Ctrl-C drops what is written. */
function typed(reader: Interface): Promise<string | undefined> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    reader.on('line', (line) => {
      const continues = line.endsWith('\\');
      lines.push(continues ? line.slice(0, -1) : line);
      if (continues) {
        reader.setPrompt(CONTINUED);
        reader.prompt();
        return;
      }
      const count = lines.length;
      setTimeout(() => {
        // The rest of what was pasted: more lines, or one without an end.
        if (lines.length === count && reader.line === '') resolve(lines.join('\n'));
      }, PASTE_MS);
    });
    reader.on('close', () => resolve(undefined));
    reader.on('SIGINT', () => {
      if (reader.line === '' && lines.length === 0) return resolve(undefined);
      lines.length = 0;
      reader.write(null, { ctrl: true, name: 'e' });
      reader.write(null, { ctrl: true, name: 'u' });
      reader.prompt();
    });
    reader.prompt();
  });
}

function completer(line: string): [string[], string] {
  if (!line.startsWith('/') || line.includes(' ')) return [[], line];
  return [COMMAND_NAMES.filter((name) => name.startsWith(line)), line];
}
