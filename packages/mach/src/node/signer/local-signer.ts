import { bytesToHex, type Hex, hexToBytes, type Keccak256, MachDigests } from "@altlayer/protocol";
import type { Bn254Like, ServiceIdentity } from "../options.ts";
import { domainOf } from "../service-domain.ts";
import type { MachSigner } from "./signer.ts";

/** A signer in this process: the secret stays in memory. @throws EngineError `BN254_SECRET` for what is no secret */
export function localSigner(
  options: { readonly operator: Hex; readonly secret: Uint8Array; readonly service: ServiceIdentity },
  dependencies: { readonly bn254: Bn254Like; readonly keccak256: Keccak256 },
): MachSigner {
  const { bn254, keccak256 } = dependencies;
  const { operator, secret } = options;
  const digests = new MachDigests(domainOf(options.service, keccak256), { keccak256 });
  const keys = bn254.publicKeys(secret);
  const sign = async (digest: Hex) => bytesToHex(bn254.sign(secret, hexToBytes(digest)));
  return {
    operator,
    publicKeys: { g1: bytesToHex(keys.g1), g2: bytesToHex(keys.g2) },
    sign: (message) => sign(digests.message(message)),
    signAlert: (alert) => sign(digests.alert(alert)),
    signLink: (link) => sign(digests.link(link)),
    signReport: async (report) => sign(digests.report(report)),
  };
}
