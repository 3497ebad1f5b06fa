export { EngineError, EngineQueryError } from "./errors.ts";
export { type Kzg, kzg } from "./kzg.ts";
export { openEngine } from "./open-engine.ts";
export type * from "./types.ts";
