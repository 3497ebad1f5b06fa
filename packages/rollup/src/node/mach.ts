import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bn254, type Engine, type ExecutionPayload, bn254 as nativeBn254 } from "@altlayer/engine";
import {
  deriveSetSecret,
  localSigner,
  type MachOperatorOptions,
  type MachService,
  machDomainOf,
  readKeystore,
  remoteSigner,
  type ServiceIdentity,
  startMach,
} from "@altlayer/mach";
import { BLOCK, type Hex, MACH_PARAMETERS, MachDigests, type RollupConfig, rollupId } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { DerivationDriver } from "../derivation/driver.ts";
import type { SafeHeadStore } from "../derivation/safe-head-store.ts";
import { RollupError } from "../errors.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { L1Reader } from "../l1/l1-client.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import type { Logger } from "../log.ts";
import { adoptHistory } from "../mach/adopt-history.ts";
import { BaseSource } from "../mach/bases.ts";
import { CertifiedBranch } from "../mach/certified-branch.ts";
import { RollupMachChain } from "../mach/chain.ts";
import { L1Blocks } from "../mach/l1-blocks.ts";
import { OpenLeaves } from "../mach/open-leaves.ts";
import { recoverCertified } from "../mach/recover-certified.ts";
import { type RecoverSliceDependencies, recoverSlice } from "../mach/recover-slice.ts";
import { machProvider } from "../mach/rpc-provider.ts";
import { readServiceFacts, type ServiceFacts } from "../mach/service-facts.ts";
import { SettledHead } from "../mach/settled-head.ts";
import { type KnownHistory, SettledHistory } from "../mach/settled-history.ts";
import { SliceCertificates } from "../mach/slice-certificates.ts";
import { Timeline } from "../mach/timeline.ts";
import type { MachProvider } from "../rpc/providers.ts";
import type { SequencerDependencies } from "../sequencer/sequencer.ts";
import type { SliceFeed } from "../slices/slice-feed.ts";
import { keccakBytes } from "./support.ts";

/** How long a starting sequencer waits for its peers' certificates. */
const CATCH_UP_MS = 1_500;
/** After so many without any answer it goes on with what it has: a rollup does not stand still with its operators. */
const LONELY_ATTEMPTS = 20;

type MachConfig = NonNullable<NodeConfig["mach"]>;

/** MACH on a node: its chain as MACH sees it, the service that gathers (and makes) certificates, and what they ask for. */
export interface NodeMach {
  readonly chain: RollupMachChain;
  readonly service: MachService;
  readonly branch: CertifiedBranch;
  readonly provider: MachProvider;
  /** Certificates that became void since the start. */
  readonly voidCount: number;
  /** What a sequencer does before it builds. */
  readonly recover: NonNullable<SequencerDependencies["recover"]>;
  close(): Promise<void>;
}

export interface NodeMachDependencies {
  readonly engine: Engine;
  readonly driver: DerivationDriver;
  readonly store: SafeHeadStore;
  readonly feed: SliceFeed;
  readonly watcher: HeadWatcher;
  readonly l1: L1Reader;
  readonly l1Rpc: JsonRpcClient;
  /** The sequencer's key, once it is known. */
  readonly signer: () => Hex | null;
  /** A block from a peer; `null` if none has it. */
  readonly payloadByNumber: (number: number) => Promise<ExecutionPayload | null>;
  /** What each peer says of the service's history up to that block. */
  readonly histories: (height: number) => Promise<readonly KnownHistory[]>;
  /** Offers what each peer executed of the block on that parent, until one is taken; `null` if none is. */
  readonly openBlock: RecoverSliceDependencies["request"];
  /** An operator whose signer is at hand; else the configuration's, if it names one. */
  readonly operator: MachOperatorOptions | null;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Starts following the chain, and MACH on it. The watcher runs already. */
export async function startNodeMach(
  options: { readonly config: MachConfig; readonly rollup: RollupConfig; readonly dataDir: string },
  dependencies: NodeMachDependencies,
): Promise<NodeMach> {
  const { config, rollup, dataDir } = options;
  const { engine, driver, l1, l1Rpc, watcher, store, signer, clock, log } = dependencies;
  const service: ServiceIdentity = {
    l1ChainId: rollup.l1ChainId,
    systemConfig: rollup.l1SystemConfigAddress,
    l2ChainId: rollup.l2ChainId,
    l2GenesisHash: rollup.genesis.l2.hash,
    avs: config.avs,
    operatorSetId: config.operatorSetId,
    table: config.table,
    verifier: config.verifier,
  };
  const facts = await readServiceFacts(config, { rpc: l1Rpc });
  const identity = { ...service, rollupId: rollupId(service, keccakBytes) };
  let gathered: MachService | null = null;
  const history = await SettledHistory.open(
    { directory: dataDir, startBlock: facts.schedule.startBlock },
    {
      hashAt: async (height) => (await engine.payloadByNumber(height, { brief: true }))?.blockHash ?? null,
      keccak256: keccakBytes,
      log,
    },
  );
  const operator = dependencies.operator ?? (config.operator ? await operatorOf(config.operator, service) : null);
  // A signer with a journal of its own has no chain: it is shown what it signs.
  const openLeaves = operator?.signer.journal
    ? new OpenLeaves({ feed: dependencies.feed, keccak256: keccakBytes, log })
    : null;
  const chain = new RollupMachChain(
    { rollup, schedule: facts.schedule },
    {
      ...dependencies,
      openLeaves: openLeaves ? (parentHash) => openLeaves.on(parentHash) : undefined,
      bases: new BaseSource({ schedule: facts.schedule }, dependencies),
      l1Blocks: new L1Blocks({ l1, watcher }),
      history,
      adopt: async () =>
        gathered &&
        adoptHistory({ engine, service: gathered, request: dependencies.histories, keccak256: keccakBytes, log }),
      digests: new MachDigests(identity, { keccak256: keccakBytes }),
      keccak256: keccakBytes,
    },
  );
  chain.start();
  const started = await startMach(
    {
      service,
      rollup: {
        genesis: { height: rollup.genesis.l2.number, timestamp: rollup.genesis.l2Time },
        blockSeconds: rollup.blockTime,
      },
      dataDir: join(dataDir, "mach"),
      network: { listen: config.listen, peers: config.peers },
      ...(operator ? { operator } : {}),
    },
    {
      chain,
      l1: { request: (method, params) => l1Rpc.call(method, params) },
      bn254: nativeBn254,
      keccak256: keccakBytes,
      clock,
      log,
    },
  ).catch(async (error: unknown) => {
    await chain.close();
    openLeaves?.close();
    throw error;
  });
  gathered = started;
  const stopComparing = started.onCertificate(({ certificate: { message } }) => {
    if (message.kind === BLOCK) chain.history.certified(message.core);
  });
  let voidCount = 0;
  let attempts = 0;
  const stopWarning = started.onVoid(({ digest, certificate, void: mark }) => {
    const { height, blockHash } = certificate.message.core;
    if (!mark) return;
    voidCount++;
    log.error("a certificate is void: the L1 decided otherwise", { height, blockHash, digest, ...mark });
  });
  const agrees = chain.agrees.bind(chain);
  const isReplaced = chain.isReplaced.bind(chain);
  const waitMs = config.batcherWaitMs ?? parametersOf(facts).batcherWaitMs;
  const branch = new CertifiedBranch(
    { waitMs },
    { engine, service: started, agrees, isReplaced, keccak256: keccakBytes, clock },
  );
  const timeline = new Timeline({ engine, clock });
  const slices = new SliceCertificates({ service: started });
  const settled = new SettledHead({ rollup }, { rpc: l1Rpc, clock });
  return {
    chain,
    service: started,
    branch,
    get voidCount() {
      return voidCount;
    },
    provider: machProvider(
      { identity, facts, peers: config.peers, voidCount: () => voidCount },
      {
        engine,
        history: chain.history,
        service: started,
        branch,
        agrees,
        slices,
        safeHeads: store,
        settled,
        timeline,
        signer,
      },
    ),
    recover: async ({ hasBlock }) => {
      const isPatient = attempts++ < LONELY_ATTEMPTS;
      const done = await recoverCertified(
        { timeoutMs: CATCH_UP_MS, needsPeer: config.peers.length > 0 && isPatient },
        {
          engine,
          service: started,
          hasTable: () => (started.table()?.epoch ?? -1) >= Math.max(0, chain.newestEpoch),
          isReplaced,
          request: dependencies.payloadByNumber,
          insert: (payload) => driver.insertUnsafe(payload),
          log,
        },
      );
      if (!done || hasBlock) return { done, halfBuilt: null };
      const request = dependencies.openBlock;
      const slice = await recoverSlice({ engine, service: started, chain, request, clock, log });
      if (slice !== "missing") return { done, halfBuilt: slice };
      // Whoever executed it may come back; for ever a rollup does not wait.
      return { done: !isPatient, halfBuilt: null };
    },
    close: async () => {
      stopWarning();
      stopComparing();
      timeline.close();
      slices.close();
      await started.close();
      await chain.close();
      openLeaves?.close();
    },
  };
}

/** The configuration's operator: with a signer of its own, or with the key that its keystore holds. */
async function operatorOf(
  operator: NonNullable<MachConfig["operator"]>,
  service: ServiceIdentity,
): Promise<MachOperatorOptions> {
  const { address, createJournal, restored, quarantineIfLost, signer } = operator;
  const options = { address, createJournal, restored, quarantineIfLost };
  if (signer !== undefined) {
    const token = (await secretIn(signer.tokenFile, "the signer's token")).trim();
    const { domainSeparator } = new MachDigests(machDomainOf(service, keccakBytes), { keccak256: keccakBytes });
    return { ...options, signer: await remoteSigner({ endpoint: signer.endpoint, token }, { domainSeparator }) };
  }
  const { keystore = "", passwordFile = "" } = operator;
  const password = await secretIn(passwordFile, "the keystore's password");
  const bn254: Pick<Bn254, "deriveSecret"> = nativeBn254;
  const seed = await readKeystore(keystore, password.trimEnd());
  const secret = deriveSetSecret({ seed, set: service }, { bn254 });
  const local = localSigner({ operator: address, secret, service }, { bn254: nativeBn254, keccak256: keccakBytes });
  return { ...options, signer: local };
}

function secretIn(file: string, what: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => {
    const message = `${file}, ${what}, cannot be read`;
    throw new RollupError("KEY_UNAVAILABLE", message, { severity: "critical", data: { file }, cause });
  });
}

/** Section 11's columns are told apart by K. */
function parametersOf({ schedule }: ServiceFacts) {
  const column = Object.values(MACH_PARAMETERS).find(({ depth }) => depth === schedule.depth);
  return column ?? MACH_PARAMETERS.development;
}
