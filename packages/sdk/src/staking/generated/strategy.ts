// Size: generated from the compiled contracts by packages/sdk/test/support/abis.ts.
export const strategyAbi = [
  {"type":"function","name":"sharesToUnderlyingView","inputs":[{"name":"amountShares","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}],"stateMutability":"view"},
  {"type":"function","name":"underlyingToken","inputs":[],"outputs":[{"name":"","type":"address"}],"stateMutability":"view"},
] as const;
