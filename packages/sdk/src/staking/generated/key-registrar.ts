// Size: generated from the compiled contracts by packages/sdk/test/support/abis.ts.
export const keyRegistrarAbi = [
  {"type":"function","name":"getBN254KeyRegistrationMessageHash","inputs":[{"name":"operator","type":"address"},{"name":"operatorSet","type":"tuple","components":[{"name":"avs","type":"address"},{"name":"id","type":"uint32"}]},{"name":"keyData","type":"bytes"}],"outputs":[{"name":"","type":"bytes32"}],"stateMutability":"view"},
  {"type":"function","name":"getOperatorFromSigningKey","inputs":[{"name":"operatorSet","type":"tuple","components":[{"name":"avs","type":"address"},{"name":"id","type":"uint32"}]},{"name":"keyData","type":"bytes"}],"outputs":[{"name":"operator","type":"address"},{"name":"registered","type":"bool"}],"stateMutability":"view"},
  {"type":"function","name":"isRegistered","inputs":[{"name":"operatorSet","type":"tuple","components":[{"name":"avs","type":"address"},{"name":"id","type":"uint32"}]},{"name":"operator","type":"address"}],"outputs":[{"name":"","type":"bool"}],"stateMutability":"view"},
  {"type":"function","name":"registerKey","inputs":[{"name":"operator","type":"address"},{"name":"operatorSet","type":"tuple","components":[{"name":"avs","type":"address"},{"name":"id","type":"uint32"}]},{"name":"keyData","type":"bytes"},{"name":"signature","type":"bytes"}],"outputs":[],"stateMutability":"nonpayable"},
] as const;
