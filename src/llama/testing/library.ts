import { type Library, openLibrary } from '../library.js';
import { locateLibraries, resolvePackage } from '../locate.js';

/** The installed libraries for the processor, for tests. */
export async function openTestLibrary(): Promise<Library> {
  const { location, problem } = await locateLibraries({
    env: process.env,
    platform: process.platform,
    arch: process.arch,
    resolve: resolvePackage,
    listGpus: async () => [],
  });
  if (!location) throw problem;
  return openLibrary(location);
}
