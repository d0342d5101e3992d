/** Opens the backend, loads the draft model, makes a pass, and prints where the libraries came from. */
import { openBackend } from '../index.js';
import { append } from './generate.js';

try {
  const backend = await openBackend();
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
  const { directory, package: packageName } = backend.info;
  backend.close();
  console.log(JSON.stringify({ directory, package: packageName }));
} catch (error) {
  const { code, message } = error as Error & { code?: string };
  console.log(JSON.stringify({ code, message }));
}
