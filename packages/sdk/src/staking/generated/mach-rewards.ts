// Size: generated from the compiled contracts by packages/sdk/test/support/abis.ts.
export const machRewardsAbi = [
  {"type":"function","name":"nextEpoch","inputs":[],"outputs":[{"name":"","type":"uint64"}],"stateMutability":"view"},
  {"type":"function","name":"token","inputs":[],"outputs":[{"name":"","type":"address"}],"stateMutability":"view"},
] as const;
