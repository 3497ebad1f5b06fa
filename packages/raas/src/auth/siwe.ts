import type { PublicClient } from "viem";
import { createPublicClient, custom, verifyMessage } from "viem";
import { parseSiweMessage, validateSiweMessage } from "viem/siwe";
import { RaasError } from "../errors.ts";
import type { Networks } from "../networks.ts";
import type { Hex } from "../spec/primitives.ts";
import type { CredentialStore } from "../store/credentials.ts";

export interface SiweOptions {
  readonly message: string;
  readonly signature: Hex;
  /** Host and origin of the page that asks, as the server knows them. */
  readonly domain: string;
  readonly uri: string;
  readonly nowMs: number;
}

/**
 * Checks a Sign-In with Ethereum message (EIP-4361) and returns the signer's address: our domain and URI, a nonce that
 * we gave and that is used up by this, the times, and the signature, of a key or of a contract (ERC-1271).
 * @throws RaasError `UNAUTHENTICATED`, without saying which check failed
 */
export async function verifySiwe(
  options: SiweOptions,
  { credentials, networks }: { readonly credentials: CredentialStore; readonly networks: Networks },
): Promise<Hex> {
  const { message, signature, domain, uri, nowMs } = options;
  const refused = new RaasError(
    "UNAUTHENTICATED",
    "the sign-in message is not valid: ask for a new nonce and sign again",
  );
  const parsed = parseSiweMessage(message);
  const { address, nonce, chainId, version } = parsed;
  if (address === undefined || nonce === undefined || chainId === undefined || version !== "1") throw refused;
  if (parsed.uri !== uri) throw refused;
  if (!validateSiweMessage({ message: parsed, domain, nonce, time: new Date(nowMs) })) throw refused;
  // Used up before the signature is looked at: nobody tries twice with one nonce.
  if (!(await credentials.useNonce(nonce))) throw refused;
  const byKey = await verifyMessage({ address, message, signature }).catch(() => false);
  if (!byKey && !(await byContract({ address, message, signature, chainId }, networks))) throw refused;
  return address.toLowerCase() as Hex;
}

/** ERC-1271, asked of the chain that the message names, if it is one of ours. */
async function byContract(
  options: { readonly address: Hex; readonly message: string; readonly signature: Hex; readonly chainId: number },
  networks: Networks,
): Promise<boolean> {
  const network = networks.all.find(({ chainId }) => chainId === options.chainId);
  if (network === undefined) return false;
  const transport = custom({
    request: ({ method, params }: { method: string; params?: unknown }) =>
      networks.request(network.id, method, (params ?? []) as readonly unknown[]),
  });
  const client: PublicClient = createPublicClient({ transport });
  const { address, message, signature } = options;
  return await client.verifyMessage({ address, message, signature }).catch(() => false);
}
