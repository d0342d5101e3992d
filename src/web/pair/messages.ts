/** What GET /api/outrider/pair and /api/outrider/status tell, as far as the page reads them. */

export interface Pair {
  readonly target: Model;
  readonly drafts: readonly (Model & { readonly vocabularyFit: VocabularyFit })[];
  readonly contextSize: number;
  readonly parallel: number;
  readonly strict: boolean;
  readonly notes: readonly string[];
  readonly llama: { readonly version: string; readonly devices: readonly string[] };
  readonly loadMs: number;
}

export interface Model {
  readonly name: string;
  readonly description: string;
  readonly parameters: number;
  readonly bytes: number;
  readonly trainedContext: number;
  readonly vocabularySize: number;
  readonly vocabularyType: string;
  readonly threads: number;
  readonly cacheTypeK: string;
  readonly cacheTypeV: string;
  readonly device: string;
}

/** Counts of token ids, and examples. */
export interface VocabularyFit {
  readonly sharedIds: number;
  readonly equalIds: number;
  readonly differing: Differences;
  readonly onlyTarget: Differences;
  readonly onlyDraft: Differences;
  readonly movedTokens: number;
  readonly masked: number;
  readonly metadataDifferences: readonly { readonly name: string; readonly target: string; readonly draft: string }[];
}

export interface Differences {
  readonly count: number;
  readonly examples: readonly { readonly id: number; readonly target?: string; readonly draft?: string }[];
}

export interface Status {
  readonly version: string;
  readonly state: string;
  readonly reason?: string;
  readonly restarts: number;
  readonly running: number;
  readonly queued: number;
  readonly slots: readonly {
    readonly id: number;
    readonly model: string;
    readonly state: 'idle' | 'busy';
    readonly cachedTokens: number;
  }[];
}
