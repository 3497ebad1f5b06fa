import type { Hex } from "../src/index.ts";

/** Accounts of the mnemonic that anvil funds: public keys of public keys, for development chains only. */
export const ACCOUNTS = {
  owner: {
    address: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    privateKey: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  },
  batcher: {
    address: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    privateKey: "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  },
  proposer: {
    address: "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
    privateKey: "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
  },
  challenger: {
    address: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    privateKey: "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
  },
  signer: {
    address: "0x15d34aaf54267db7d7c367839aaf71a00a2c6a65",
    privateKey: "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
  },
  user: {
    address: "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
    privateKey: "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
  },
} as const satisfies Record<string, { address: Hex; privateKey: Hex }>;

export const ROLES = {
  l2ChainId: 901,
  owner: ACCOUNTS.owner.address,
  batcher: ACCOUNTS.batcher.address,
  proposer: ACCOUNTS.proposer.address,
  challenger: ACCOUNTS.challenger.address,
  unsafeBlockSigner: ACCOUNTS.signer.address,
} as const;
