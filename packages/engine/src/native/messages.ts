/** Kinds of messages from the engine (crates/engine-napi/src/outbox.rs has the same numbers). */
export const MESSAGE = { answer: 0, engineError: 1, rpcError: 2, event: 3, attachment: 4 } as const;
