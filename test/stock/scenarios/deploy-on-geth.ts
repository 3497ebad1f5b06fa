import { compileOwnContracts } from "@altlayer/contracts";
import { deployL1Contracts, developmentParameters, MULTICALL3_ADDRESS } from "@altlayer/deployer";
import { KEYS } from "../chain.ts";
import { StockError } from "../errors.ts";
import { startGethL1 } from "../nodes.ts";
import { call } from "../program.ts";
import type { Scenario } from "../scenario.ts";
import { fundRoles } from "./geth-l1.ts";

/** The deployment on a stock go-ethereum: no method of anvil's, each receipt awaited, Multicall3 by its presigned creation. */
export const deployOnGeth: Scenario = {
  name: "the L1 contracts deploy on go-ethereum",
  async run(context) {
    const l1 = context.started(await startGethL1({ directory: context.directory, periodSeconds: 1 }));
    await fundRoles(l1.url);
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
