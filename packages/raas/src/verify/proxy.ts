import { rpcBatch } from "../rpc-batch.ts";
import type { Hex } from "../spec/primitives.ts";

/** Slots and call by which a proxy names the contract that it stands for (EIP-1967). */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const BEACON_SLOT = "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50";
const IMPLEMENTATION_CALL = "0x5c60da1b";

export interface DeployedCode {
  readonly address: Hex;
  /** "0x" where there is none. */
  readonly code: Hex;
}

/** A contract's code and, if it is a proxy, that of its implementation. Null where the node does not tell. @throws RaasError `UPSTREAM` */
export async function codeAt(
  url: string,
  address: Hex,
): Promise<{ readonly own: DeployedCode; readonly implementation: DeployedCode | null } | null> {
  const [code, slot, beaconSlot] = await rpcBatch(url, [
    ["eth_getCode", [address, "latest"]],
    ["eth_getStorageAt", [address, IMPLEMENTATION_SLOT, "latest"]],
    ["eth_getStorageAt", [address, BEACON_SLOT, "latest"]],
  ]);
  if (!isBytes(code)) return null;
  const own = { address, code };
  const beacon = addressIn(beaconSlot);
  const target =
    addressIn(slot) ??
    (beacon === null
      ? null
      : addressIn((await rpcBatch(url, [["eth_call", [{ to: beacon, data: IMPLEMENTATION_CALL }, "latest"]]]))[0]));
  if (target === null || code === "0x") return { own, implementation: null };
  const [targetCode] = await rpcBatch(url, [["eth_getCode", [target, "latest"]]]);
  return { own, implementation: isBytes(targetCode) ? { address: target, code: targetCode } : null };
}

const isBytes = (value: unknown): value is Hex => typeof value === "string" && /^0x([0-9a-f]{2})*$/.test(value);

/** The address in a word, unless it is zero or more than an address. */
function addressIn(word: unknown): Hex | null {
  if (typeof word !== "string" || !/^0x0{24}[0-9a-f]{40}$/.test(word) || /^0x0*$/.test(word)) return null;
  return `0x${word.slice(26)}`;
}
