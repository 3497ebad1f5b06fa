import {
  bytesToHex,
  type Hex,
  hexToBytes,
  type Keccak256,
  type MachDigests,
  type MachDomain,
  rollupId,
} from "@altlayer/protocol";
import type { ServiceIdentity } from "./options.ts";

/** What all of a service's signatures are bound to. */
export function domainOf(service: ServiceIdentity, keccak256: Keccak256): MachDomain {
  const { l1ChainId, avs, operatorSetId } = service;
  return { l1ChainId, avs, operatorSetId, rollupId: rollupId(service, keccak256) };
}

/** Whose signing journal it is: of one operator in one service. */
export function journalIdentity(digests: MachDigests, operator: Hex, keccak256: Keccak256): Hex {
  return bytesToHex(keccak256(hexToBytes(`${digests.domainSeparator}${operator.slice(2).toLowerCase()}`)));
}
