import { request } from "../../api/client.ts";
import type { Session } from "../../api/types.ts";
import type { WalletInfo } from "../../wallet/provider.ts";
import { connect, signText } from "../../wallet/use-wallet.ts";

interface Nonce {
  readonly nonce: string;
  readonly domain: string;
  readonly uri: string;
  readonly expiresAt: string;
}

export interface SiweFields {
  readonly domain: string;
  readonly uri: string;
  readonly address: string;
  readonly chainId: number;
  readonly nonce: string;
  readonly issuedAt: string;
  readonly expirationTime: string;
}

/** The text of EIP-4361, line for line; wallets show it and compare the domain with the site's own. */
export const siweMessage = (fields: SiweFields): string =>
  [
    `${fields.domain} wants you to sign in with your Ethereum account:`,
    fields.address,
    "",
    "Sign in to AltLayer.",
    "",
    `URI: ${fields.uri}`,
    "Version: 1",
    `Chain ID: ${fields.chainId}`,
    `Nonce: ${fields.nonce}`,
    `Issued At: ${fields.issuedAt}`,
    `Expiration Time: ${fields.expirationTime}`,
  ].join("\n");

/** @throws WalletError when the wallet refuses, ApiError when the control plane does */
export async function signInWithWallet(wallet: WalletInfo): Promise<Session> {
  const connected = await connect(wallet);
  const [{ checksummed }, chainId, nonce] = await Promise.all([
    import("../../wallet/checksum.ts"),
    wallet.provider.request({ method: "eth_chainId" }),
    request<Nonce>("/session/siwe/nonce", { method: "POST", body: {} }),
  ]);
  const message = siweMessage({
    domain: nonce.domain,
    uri: nonce.uri,
    // EIP-4361 asks for the checksummed form.
    address: checksummed(connected.account),
    chainId: Number(chainId),
    nonce: nonce.nonce,
    issuedAt: new Date().toISOString(),
    expirationTime: nonce.expiresAt,
  });
  const signature = await signText(connected, message);
  return request<Session>("/session/siwe", { method: "POST", body: { message, signature } });
}
