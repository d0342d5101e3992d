/**
 * For each folder on the command line (empty: the packages): opens the backend there, loads the draft model, makes a
 * pass, and prints where the libraries came from, or the error.
 */
import { openBackend } from '../index.js';
import { append } from './generate.js';

async function tryFolder(directory: string): Promise<object> {
  const backend = await openBackend({ env: { OUTRIDER_LLAMA_DIR: directory } });
  const model = await backend.loadModel('models/draft-q8_0.gguf', { placement: { on: 'cpu' } });
  const context = await model.createContext({
    tokensPerSequence: 64,
    sequences: 1,
    batch: 8,
    outputs: 1,
    microBatch: 8,
    threads: 1,
  });
  await append(context, 0, 0, [1, 2, 3]);
  const { info } = backend;
  backend.close();
  return { directory: info.directory, package: info.package };
}

for (const directory of process.argv.slice(2)) {
  const answer = await tryFolder(directory).catch(({ code, message }) => ({ code, message }));
  console.log(JSON.stringify(answer));
}
