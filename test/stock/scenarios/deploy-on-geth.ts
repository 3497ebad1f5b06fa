import { compileOwnContracts } from "@altlayer/contracts";
import { deployL1Contracts, developmentParameters, MULTICALL3_ADDRESS } from "@altlayer/deployer";
import { createWalletClient, http, parseEther } from "viem";
import { KEYS } from "../chain.ts";
import { StockError } from "../errors.ts";
import { startGethL1 } from "../nodes.ts";
import { call, waitFor } from "../program.ts";
import type { Scenario } from "../scenario.ts";

/** The deployment on a stock go-ethereum: no method of anvil's, each receipt awaited, Multicall3 by its presigned creation. */
export const deployOnGeth: Scenario = {
  name: "the L1 contracts deploy on go-ethereum",
  async run(context) {
    const l1 = context.started(await startGethL1({ directory: context.directory, periodSeconds: 1 }));
    const [faucet] = await call<`0x${string}`[]>(l1.url, "eth_accounts");
    const wallet = createWalletClient({ account: faucet!, transport: http(l1.url) });
    const funding = await wallet.sendTransaction({ chain: null, to: KEYS.owner.address, value: parseEther("100") });
    await waitFor(
      "the deployer is funded",
      async () => (await call<object | null>(l1.url, "eth_getTransactionReceipt", [funding])) ?? undefined,
    );
    compileOwnContracts();
    const parameters = developmentParameters({
      l2ChainId: 901,
      owner: KEYS.owner.address,
      batcher: KEYS.batcher.address,
      proposer: KEYS.proposer.address,
      challenger: KEYS.challenger.address,
      unsafeBlockSigner: KEYS.signer.address,
    });
    const access = { l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key } };
    const first = await deployL1Contracts({ parameters }, access);
    const again = await deployL1Contracts({ parameters }, access);
    if (again.transactionsSent !== 0 || again.addresses.SystemConfigProxy !== first.addresses.SystemConfigProxy) {
      throw new StockError("MISMATCH", "a second call deployed again");
    }
    if ((await call<string>(l1.url, "eth_getCode", [MULTICALL3_ADDRESS, "latest"])) === "0x") {
      throw new StockError("MISMATCH", "Multicall3 is missing");
    }
    context.note(`${first.transactionsSent} transactions`);
  },
};
