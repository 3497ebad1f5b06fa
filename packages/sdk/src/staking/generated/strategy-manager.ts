// Size: generated from the compiled contracts by packages/sdk/test/support/abis.ts.
export const strategyManagerAbi = [
  {"type":"function","name":"depositIntoStrategy","inputs":[{"name":"strategy","type":"address"},{"name":"token","type":"address"},{"name":"amount","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}],"stateMutability":"nonpayable"},
] as const;
