/**
 * Loads each file named on the command line and makes a pass on it. Prints a JSON line before and after each, so that
 * the parent sees which file ended the process.
 */
import { openBackend } from '../index.js';
import { append } from './generate.js';

const backend = await openBackend();
for (const path of process.argv.slice(2)) {
  console.log(JSON.stringify({ path }));
  let outcome: unknown = 'loaded';
  try {
    const model = await backend.loadModel(path, { placement: { on: 'cpu' } });
    const context = await model.createContext({
      tokensPerSequence: 64,
      sequences: 1,
      batch: 32,
      outputs: 1,
      microBatch: 32,
      threads: 1,
    });
    await append(context, 0, 0, model.vocabulary.tokenize('Hé\n日', { addSpecial: true, parseSpecial: true }));
    model.close();
  } catch (error) {
    const { name, code, message, stack } = error as Error & { code?: string };
    outcome = name === 'OutriderError' ? { code, message } : { bug: stack };
  }
  console.log(JSON.stringify({ path, outcome }));
}
backend.close();
