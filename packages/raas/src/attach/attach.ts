import type { Networks } from "../networks.ts";
import type { Outbound } from "../outbound/outbound.ts";
import { parseSpec } from "../spec/parse.ts";
import type { Hex } from "../spec/primitives.ts";
import type { AttachmentStore } from "../store/attachments.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import type { RollupStore } from "../store/rollups.ts";
import { ForeignRpc } from "./foreign-rpc.ts";
import { verifyAttachment } from "./verify.ts";

export interface AttachRequest {
  readonly teamId: string;
  readonly authorId: string;
  readonly name: string;
  readonly networkId: string;
  readonly systemConfig: Hex;
  readonly rpcUrl: string;
}

/**
 * Adds a chain that others run, once it is verified. What a launch would have made is recorded as done, with what was
 * read from the L1: the reconciler then goes on with starting, which means reaching it, and with health.
 * @throws RaasError `ATTACH_REFUSED`, `ADDRESS_REFUSED`, `NOT_FOUND`, `SPEC_INVALID`, `CONFLICT`, `UPSTREAM`
 */
export async function attachChain(
  { teamId, authorId, name, networkId, systemConfig, rpcUrl }: AttachRequest,
  dependencies: {
    readonly networks: Networks;
    readonly outbound: Outbound;
    readonly rollups: RollupStore;
    readonly attachments: AttachmentStore;
  },
): Promise<RollupRecord> {
  const { networks, outbound, rollups, attachments } = dependencies;
  const url = outbound.check(rpcUrl);
  const network = await networks.check(networkId);
  const rpc = new ForeignRpc({ url: url.href }, { outbound });
  const verified = await verifyAttachment({ network, systemConfig }, { networks, rpc });
  const { chainId, blockTimeSeconds, gasLimit, owner, genesisHash, findings, addresses, origin } = verified;
  const spec = parseSpec({
    name,
    settlement: { network: networkId },
    chain: { chainId, blockTimeSeconds },
    execution: { gasLimit },
    services: { mach: { restaking: "off" } },
    owners: { admin: owner, feeRecipient: owner },
  });
  const done = {
    keys: { accounts: [] },
    fund: {},
    contracts: { addresses, deployer: owner, anchor: { ...origin, timestamp: 0 } },
    genesis: { l2GenesisHash: genesisHash },
    restake: { service: null, operators: [] },
  };
  return await rollups.create({
    teamId,
    spec,
    authorId,
    attached: {
      done,
      also: (db, id) =>
        attachments.insert(db, id, { systemConfig, genesisHash, rpcHost: url.host, findings, rpcUrl: url.href }),
    },
  });
}
