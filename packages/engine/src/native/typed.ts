import { EngineError } from "../errors.ts";

/** A call whose failure carries the code that the binding puts before the message. @throws EngineError */
export async function typed(work: () => Promise<Buffer>): Promise<Uint8Array> {
  return plain(await typedAs(work));
}

export async function typedAs<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asEngineError(error);
  }
}

export function typedSync<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw asEngineError(error);
  }
}

/** Without Buffer's own methods, which differ (`slice`) or surprise (`toJSON`). */
export function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const [, code = "CRYPTO_FAILED", message = text] = /^([A-Z0-9]+_[A-Z_]+)\|(.*)$/s.exec(text) ?? [];
  return new EngineError({ code, message }, { cause: error });
}
