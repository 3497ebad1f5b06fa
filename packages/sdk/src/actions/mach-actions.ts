import type { AnyClient } from "../rpc/call.ts";
import type { CertificateRecord, CertifiedHead, Finality, MachServiceInfo } from "../rpc/schemas.ts";
import { type CertificateQuery, getCertificate } from "./getCertificate.ts";
import { getCertifiedHead } from "./getCertifiedHead.ts";
import { type FinalityQuery, getFinality } from "./getFinality.ts";
import { getService } from "./getService.ts";
import { type WaitForFinalityOptions, waitForFinality } from "./waitForFinality.ts";
import { type WatchCertificatesOptions, watchCertificates } from "./watchCertificates.ts";

/** See the functions of the same names. A type and not an interface: `extend` wants its index signature. */
export type MachActions = {
  readonly getService: () => Promise<MachServiceInfo>;
  readonly getCertificate: (query?: CertificateQuery) => Promise<CertificateRecord | null>;
  readonly getFinality: (query: FinalityQuery) => Promise<Finality>;
  readonly getCertifiedHead: () => Promise<CertifiedHead>;
  readonly waitForFinality: (options: WaitForFinalityOptions) => Promise<Finality>;
  readonly watchCertificates: (options: WatchCertificatesOptions) => () => void;
};

/**
 * What a node with MACH answers, as actions of a viem client.
 * @example
 * const client = createPublicClient({ transport: http(url) }).extend(machActions());
 * await client.waitForFinality({ hash, level: "blockCertificate" });
 */
export function machActions(): (client: AnyClient) => MachActions {
  return (client) => ({
    getService: () => getService(client),
    getCertificate: (query) => getCertificate(client, query),
    getFinality: (query) => getFinality(client, query),
    getCertifiedHead: () => getCertifiedHead(client),
    waitForFinality: (options) => waitForFinality(client, options),
    watchCertificates: (options) => watchCertificates(client, options),
  });
}
