// Size: generated from the compiled contracts by packages/sdk/test/support/abis.ts.
export const machSlasherAbi = [
  {"type":"function","name":"convictedBy","inputs":[{"name":"operator","type":"address"}],"outputs":[{"name":"","type":"bytes32"}],"stateMutability":"view"},
  {"type":"function","name":"faults","inputs":[{"name":"faultId","type":"bytes32"}],"outputs":[{"name":"recordedAt","type":"uint64"},{"name":"committedAt","type":"uint64"},{"name":"slashed","type":"bool"},{"name":"paid","type":"bool"},{"name":"reporter","type":"address"}],"stateMutability":"view"},
  {"type":"function","name":"isSlashed","inputs":[{"name":"operator","type":"address"}],"outputs":[{"name":"","type":"bool"}],"stateMutability":"view"},
  {"type":"function","name":"nextPaymentBlock","inputs":[],"outputs":[{"name":"","type":"uint256"}],"stateMutability":"view"},
  {"type":"function","name":"payBounty","inputs":[{"name":"faultId","type":"bytes32"}],"outputs":[],"stateMutability":"nonpayable"},
  {"type":"function","name":"terms","inputs":[],"outputs":[{"name":"token","type":"address"},{"name":"amount","type":"uint256"},{"name":"period","type":"uint32"},{"name":"claims","type":"uint32"}],"stateMutability":"view"},
  {"type":"event","name":"BountyClaimed","inputs":[{"name":"faultId","type":"bytes32","indexed":true},{"name":"reporter","type":"address","indexed":true},{"name":"committedBlock","type":"uint256"}],"anonymous":false},
  {"type":"event","name":"BountyPaid","inputs":[{"name":"faultId","type":"bytes32","indexed":true},{"name":"reporter","type":"address","indexed":true},{"name":"amount","type":"uint256"}],"anonymous":false},
  {"type":"event","name":"Convicted","inputs":[{"name":"operator","type":"address","indexed":true},{"name":"faultId","type":"bytes32","indexed":true}],"anonymous":false},
  {"type":"event","name":"SlashFailed","inputs":[{"name":"operator","type":"address","indexed":true},{"name":"reason","type":"bytes"}],"anonymous":false},
  {"type":"event","name":"Slashed","inputs":[{"name":"operator","type":"address","indexed":true},{"name":"faultId","type":"bytes32","indexed":true},{"name":"slashId","type":"uint256"},{"name":"shares","type":"uint256[]"}],"anonymous":false},
] as const;
