// Size: generated from the compiled contracts by packages/sdk/test/support/abis.ts.
export const operatorTableAbi = [
  {"type":"function","name":"classes","inputs":[],"outputs":[{"name":"","type":"uint256"}],"stateMutability":"view"},
  {"type":"function","name":"commit","inputs":[{"name":"epoch","type":"uint64"},{"name":"depth","type":"uint32"},{"name":"root","type":"bytes32"},{"name":"aggregate","type":"tuple","components":[{"name":"X","type":"uint256"},{"name":"Y","type":"uint256"}]},{"name":"oldestExpiry","type":"uint48"}],"outputs":[{"name":"commitment","type":"bytes32"}],"stateMutability":"nonpayable"},
  {"type":"function","name":"commitments","inputs":[{"name":"epoch","type":"uint64"}],"outputs":[{"name":"","type":"bytes32"}],"stateMutability":"view"},
  {"type":"function","name":"entryOf","inputs":[{"name":"operator","type":"address"}],"outputs":[{"name":"","type":"bool"},{"name":"","type":"uint32"},{"name":"","type":"tuple","components":[{"name":"X","type":"uint256"},{"name":"Y","type":"uint256"}]},{"name":"","type":"uint256[]"},{"name":"","type":"uint48"}],"stateMutability":"view"},
  {"type":"function","name":"epochBlock","inputs":[{"name":"epoch","type":"uint64"}],"outputs":[{"name":"","type":"uint256"}],"stateMutability":"view"},
  {"type":"function","name":"life","inputs":[],"outputs":[{"name":"","type":"uint256"}],"stateMutability":"view"},
  {"type":"function","name":"minimum","inputs":[{"name":"","type":"uint256"}],"outputs":[{"name":"","type":"uint128"}],"stateMutability":"view"},
  {"type":"function","name":"refresh","inputs":[{"name":"operators","type":"address[]"}],"outputs":[],"stateMutability":"nonpayable"},
  {"type":"function","name":"room","inputs":[],"outputs":[{"name":"free","type":"uint256[]"}],"stateMutability":"view"},
  {"type":"function","name":"startBlock","inputs":[],"outputs":[{"name":"","type":"uint256"}],"stateMutability":"view"},
  {"type":"function","name":"state","inputs":[],"outputs":[{"name":"","type":"uint32"},{"name":"","type":"bytes32"},{"name":"","type":"tuple","components":[{"name":"X","type":"uint256"},{"name":"Y","type":"uint256"}]},{"name":"","type":"uint48"}],"stateMutability":"view"},
  {"type":"function","name":"strategies","inputs":[],"outputs":[{"name":"","type":"tuple[]","components":[{"name":"strategy","type":"address"},{"name":"class","type":"uint8"},{"name":"multiplier","type":"uint88"}]}],"stateMutability":"view"},
  {"type":"function","name":"sweep","inputs":[{"name":"limit","type":"uint256"}],"outputs":[{"name":"swept","type":"uint256"}],"stateMutability":"nonpayable"},
  {"type":"function","name":"weights","inputs":[],"outputs":[{"name":"active","type":"uint256[]"},{"name":"total","type":"uint256[]"}],"stateMutability":"view"},
  {"type":"function","name":"windows","inputs":[],"outputs":[{"name":"","type":"tuple","components":[{"name":"k","type":"uint32"},{"name":"epochLength","type":"uint32"},{"name":"undecided","type":"uint32"},{"name":"certificateAge","type":"uint32"},{"name":"evidenceWindow","type":"uint32"},{"name":"pauseSlack","type":"uint32"}]}],"stateMutability":"view"},
] as const;
