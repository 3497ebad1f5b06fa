import type { BlockRef, Engine, Hex } from "@altlayer/engine";
import type { CertificateRecord, MachService } from "@altlayer/mach";
import type { MachProvider, MachTopic } from "../rpc/providers.ts";
import { certificateJson, coreJson, quantity } from "./certificate-json.ts";
import type { ChainHistory } from "./chain-history.ts";
import { alertJson, type FinalityDependencies, finalityOf } from "./finality.ts";
import { type Located, locateHash, locateHeight } from "./located.ts";
import type { ServiceFacts } from "./service-facts.ts";

const isHash = (id: string): id is Hex => id.length === 66;
const ref = ({ number, hash }: Pick<BlockRef, "number" | "hash">) => ({ number: quantity(number), hash });

/** What JSON-RPC tells of MACH. */
export function machProvider(
  options: {
    readonly identity: Readonly<{
      l1ChainId: number;
      rollupId: Hex;
      avs: Hex;
      operatorSetId: number;
      table: Hex;
      verifier: Hex;
    }>;
    readonly facts: ServiceFacts;
    readonly peers: readonly string[];
    /** Certificates that became void since the start. */
    readonly voidCount: () => number;
  },
  dependencies: Omit<FinalityDependencies, "service"> & {
    readonly service: MachService;
    readonly history: Pick<ChainHistory, "proof">;
  },
): MachProvider {
  const { identity, facts } = options;
  const { engine, service, branch, history } = dependencies;
  const locate = (id: string) => locatedBy(id, { engine });
  return {
    service: () => ({
      ...identity,
      l1ChainId: quantity(identity.l1ChainId),
      operatorSetId: quantity(identity.operatorSetId),
      slashableInTime: facts.slashableInTime,
      threshold: {
        numerator: quantity(facts.threshold.numerator),
        denominator: quantity(facts.threshold.denominator),
      },
      windows: Object.fromEntries(Object.entries(facts.windows).map(([name, blocks]) => [name, quantity(blocks)])),
      peers: [...new Set([...service.status().addresses, ...options.peers])].slice(0, 256),
    }),
    head: () => {
      const { unsafe, safe, finalized } = engine.heads();
      const core = branch.head?.certificate.message.core;
      const certified = core ? { number: quantity(core.height), hash: core.blockHash } : null;
      const voids = quantity(options.voidCount());
      return { certified, latest: ref(unsafe), safe: ref(safe), finalized: ref(finalized), voids };
    },
    certificate: async (id) => {
      if (id === "latest") return told(branch.head);
      const byDigest = isHash(id) ? service.certificate({ digest: id }) : null;
      return told(byDigest ?? find(await locate(id), service));
    },
    finality: async (id) => {
      const byDigest = isHash(id) ? service.certificate({ digest: id }) : null;
      const { height } = byDigest?.certificate.message.core ?? {};
      return finalityOf(
        id,
        height === undefined ? await locate(id) : await locateHeight(height, { engine }),
        dependencies,
      );
    },
    historyProof: async (height, digest) => {
      const record = service.certificate({ digest: digest as Hex });
      const proof = record && (await history.proof(record.certificate.message.core, height));
      if (!proof) return null;
      const { path, directions } = proof.inclusion;
      return { core: coreJson(proof.core), path, directions: quantity(directions) };
    },
    alerts: (height) => service.alerts(height).map(alertJson),
    listen: (topic, push) => listenTo(service, topic, push),
  };
}

function told(record: CertificateRecord | null) {
  return record && certificateJson(record);
}

function find({ height, blockHash, transactionIndex }: Located, service: MachService): CertificateRecord | null {
  if (height === null) return null;
  if (transactionIndex !== null) return service.certificate({ height, transactionCount: transactionIndex + 1 });
  const ofBlock = blockHash === null ? null : service.certificate({ blockHash });
  return ofBlock ?? service.certificate({ height });
}

async function locatedBy(id: string, dependencies: { readonly engine: Engine }): Promise<Located> {
  if (isHash(id)) return locateHash(id, dependencies);
  const { engine } = dependencies;
  const { unsafe, safe, finalized } = engine.heads();
  const tags: Readonly<Record<string, number>> = {
    latest: unsafe.number,
    pending: unsafe.number + 1,
    safe: safe.number,
    finalized: finalized.number,
    earliest: engine.genesis.number,
  };
  return locateHeight(tags[id] ?? Number(id), dependencies);
}

function listenTo(service: MachService, topic: MachTopic, push: (value: unknown) => void): () => void {
  switch (topic) {
    case "machCertificates":
      return service.onCertificate((record) => push(certificateJson(record)));
    case "machVoid":
      return service.onVoid((record) => push(certificateJson(record)));
    case "machAlerts":
      return service.onAlert((event) => {
        const height = event.type === "alert" ? event.alert.height : event.height;
        const hash = event.type === "alert" ? event.alert.blockHash : event.blockHash;
        for (const suspect of service.alerts(height)) if (suspect.blockHash === hash) push(alertJson(suspect));
      });
  }
}
