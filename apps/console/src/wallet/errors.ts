/** What a wallet refused or lacks. `REJECTED` is the user's own no. */
export class WalletError extends Error {
  override readonly name = "WalletError";
  readonly code: "REJECTED" | "FAILED" | "NO_ACCOUNT";

  constructor(options: { readonly code: WalletError["code"]; readonly message: string; readonly cause?: unknown }) {
    super(options.message, { cause: options.cause });
    this.code = options.code;
  }
}

const USER_REJECTED = 4001;

/** Wallets throw plain objects of EIP-1193; here they become errors with a sentence. */
export function walletErrorOf(error: unknown): WalletError {
  if (error instanceof WalletError) return error;
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as {
    code?: unknown;
    message?: unknown;
  };
  if (code === USER_REJECTED)
    return new WalletError({ code: "REJECTED", message: "You declined in the wallet.", cause: error });
  const text = typeof message === "string" ? message.slice(0, 300) : "The wallet gave no reason.";
  return new WalletError({ code: "FAILED", message: `The wallet refused: ${text}`, cause: error });
}
