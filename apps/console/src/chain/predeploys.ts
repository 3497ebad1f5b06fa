const PREDEPLOYS: Readonly<Record<string, string>> = {
  "0x4200000000000000000000000000000000000006": "WETH9",
  "0x4200000000000000000000000000000000000007": "L2CrossDomainMessenger",
  "0x4200000000000000000000000000000000000010": "L2StandardBridge",
  "0x4200000000000000000000000000000000000011": "SequencerFeeVault",
  "0x420000000000000000000000000000000000000f": "GasPriceOracle",
  "0x4200000000000000000000000000000000000014": "L2ERC721Bridge",
  "0x4200000000000000000000000000000000000015": "L1Block",
  "0x4200000000000000000000000000000000000016": "L2ToL1MessagePasser",
  "0x4200000000000000000000000000000000000019": "BaseFeeVault",
  "0x420000000000000000000000000000000000001a": "L1FeeVault",
  "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001": "L1 attributes",
};

/** The name of a system contract of the OP Stack, which every chain has at the same place. */
export const predeployName = (address: string): string | undefined => PREDEPLOYS[address.toLowerCase()];
