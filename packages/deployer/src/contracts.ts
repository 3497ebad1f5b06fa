import type { ContractArtifact, OwnContractName } from "@altlayer/contracts";
import { OWN_CONTRACTS, ownContract, packageContract } from "@altlayer/contracts";

const cache = new Map<string, ContractArtifact>();

/** The extended contracts come from our folder, all others from the package, each read once per process. */
export function contractOf(name: string): ContractArtifact {
  let artifact = cache.get(name);
  if (artifact === undefined) {
    artifact = isOwn(name) ? ownContract(name) : packageContract(name);
    cache.set(name, artifact);
  }
  return artifact;
}

function isOwn(name: string): name is OwnContractName {
  return OWN_CONTRACTS.some((own) => own === name);
}
