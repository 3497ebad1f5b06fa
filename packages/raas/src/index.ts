export { API_BASE } from "./api/server.ts";
export { RAAS_ERRORS, RaasError, type RaasErrorCode } from "./errors.ts";
export { type NetworkInput, networkSchema } from "./networks.ts";
export { type Platform, type PlatformOptions, startPlatform } from "./platform.ts";
export { exampleSpec, exampleYaml, PRESETS } from "./spec/example.ts";
export { parseSpec, parseSpecYaml, specJsonSchema } from "./spec/parse.ts";
export { specReference } from "./spec/reference.ts";
export { type RollupSpec, type RollupSpecInput, rollupSpecSchema } from "./spec/rollup-spec.ts";
export type { StoreOptions } from "./store/database.ts";
