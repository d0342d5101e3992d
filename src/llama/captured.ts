import type { Library } from './library.js';
import type { LogLine } from './log.js';

/**
 * Runs native work that explains itself in the log only, when all such work before it has ended, so that the lines that
 * `work` finds in `heard` are its own.
 */
export function captured<T>(library: Library, work: (heard: readonly LogLine[]) => Promise<T>): Promise<T> {
  return library.exclusively(async () => {
    const heard: LogLine[] = [];
    const stopListening = library.log.listen((level, line) => heard.push({ level, line }));
    try {
      return await work(heard);
    } finally {
      stopListening();
    }
  });
}
