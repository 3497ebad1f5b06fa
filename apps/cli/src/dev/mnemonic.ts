/** The mnemonic of every Ethereum development chain. Its keys are public: for development only. */
export const MNEMONIC = "test test test test test test test test test test test junk";

/** Accounts for the user, the first ten as wallets and tools expect them; the rollup's own roles come after them. */
export const USERS = 10;
export const ROLES = ["owner", "batcher", "proposer", "challenger", "unsafeBlockSigner"] as const;
export type Role = (typeof ROLES)[number];

/** Of MACH: the keeper's, and the operators'. They come last. */
export const MACH_OPERATORS = 4;

export const ACCOUNT_COUNT = USERS + ROLES.length + 1 + MACH_OPERATORS;
