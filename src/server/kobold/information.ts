/** What front ends ask before they generate. */
import { z } from 'zod';
import type { ServerContext, ServerRequest } from '../dialect.js';
import { count } from '../engine-schemas.js';
import type { Route } from '../route.js';
import { DEFAULT_MAX_LENGTH } from './generate-request.js';
import { pathsOf } from './paths.js';

/** The KoboldCpp whose routes these are: front ends switch features on by it. Llama.cpp's and later ones are not claimed. */
const KOBOLDCPP_VERSION = '1.102';
/** Of KoboldAI's own interface; stop sequences are there from 1.2.2 on. */
const KOBOLDAI_VERSION = '1.2.5';

const ABSENT_FEATURES = {
  txt2img: false,
  vision: false,
  audio: false,
  transcribe: false,
  multiplayer: false,
  websearch: false,
  tts: false,
  embeddings: false,
  savedata: false,
  admin: 0,
  guidance: false,
  jinja: false,
  mcp: false,
  music: false,
  router: false,
};

const textResult = z.object({ result: z.string() });
const lengthValue = z.object({ value: count });
const nothing = z.array(z.never());

/** And the features that are absent, as false or 0. */
const versionSchema = z
  .object({ result: z.string(), version: z.string(), protected: z.boolean() })
  .catchall(z.union([z.string(), z.boolean(), z.number()]));

const optionsSchema = z.object({ samples_format: z.string(), sd_model_checkpoint: z.string() });

const serviceSchema = z.object({
  version: z.string(),
  software: z.object({ name: z.string(), version: z.string() }),
  api: z.object({
    koboldai: z.object({ name: z.string(), rel_url: z.string(), version: z.string() }),
    openai: z.object({ name: z.string(), rel_url: z.string(), documentation: z.string(), version: z.string() }),
  }),
});

/** All of them answer without a key, and tell the model's name only to who has one. */
export function informationRoutes({ service, settings, version }: ServerContext): readonly Route[] {
  const { target, contextSize } = service.description;
  const nameFor = (context: ServerRequest) => (context.get('authorised') ? target.name : 'protected-model');
  return [
    tells('/api/v1/model', 'The name of the model.', textResult, (context) => ({
      result: `koboldcpp/${nameFor(context)}`,
    })),
    tells('/api/v1/info/version', 'The version of KoboldAI’s interface.', textResult, () => ({
      result: KOBOLDAI_VERSION,
    })),
    tells('/api/v1/config/max_context_length', 'Tokens of the context.', lengthValue, () => ({ value: contextSize })),
    tells('/api/v1/config/max_length', 'Tokens of an answer whose request does not say.', lengthValue, () => ({
      value: DEFAULT_MAX_LENGTH,
    })),
    tells('/api/v1/config/soft_prompt', 'None.', z.object({ value: z.string() }), () => ({ value: '' })),
    tells('/api/v1/config/soft_prompts_list', 'None.', z.object({ values: nothing }), () => ({ values: [] })),
    tells('/api/extra/true_max_context_length', 'Tokens of the context.', lengthValue, () => ({ value: contextSize })),
    tells('/api/extra/version', 'The KoboldCpp whose routes these are.', versionSchema, () => ({
      result: 'KoboldCpp',
      version: KOBOLDCPP_VERSION,
      protected: settings.apiKeys.length > 0,
      ...ABSENT_FEATURES,
    })),
    tells('/api/extra/preloadstory', 'None.', z.object({}), () => ({})),
    tells('/sdapi/v1/sd-models', 'None.', nothing, () => []),
    tells('/sdapi/v1/samplers', 'None.', nothing, () => []),
    tells('/sdapi/v1/options', 'No images are made here.', optionsSchema, () => ({
      samples_format: 'png',
      sd_model_checkpoint: '',
    })),
    tells('/.well-known/serviceinfo', 'What this is, for programs that look for servers.', serviceSchema, () => ({
      version: '0.2',
      software: { name: 'Outrider', version },
      api: {
        koboldai: { name: 'KoboldAI API', rel_url: '/api', version: KOBOLDAI_VERSION },
        openai: { name: 'OpenAI API', rel_url: '/v1', documentation: '/api/outrider/openapi.json', version: '1' },
      },
    })),
    tells('/ping', 'Whether somebody is there.', z.object({ status: z.string() }), () => ({
      status: 'healthy',
    })),
  ];
}

function tells<Schema extends z.ZodType>(
  path: string,
  summary: string,
  schema: Schema,
  answer: (context: ServerRequest) => z.output<Schema>,
): Route {
  return {
    method: 'get',
    paths: pathsOf(path),
    summary,
    access: 'public',
    answer: { json: schema },
    handle: (context) => context.json(answer(context) as object),
  };
}
