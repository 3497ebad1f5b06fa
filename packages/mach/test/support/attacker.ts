import { randomBytes } from "node:crypto";
import { bn254 } from "@altlayer/engine";
import {
  bytesToHex,
  type Certificate,
  encodeCertificate,
  type Hex,
  hexToBytes,
  type MachDigests,
  type Message,
} from "@altlayer/protocol";
import type { MachService, TableMember } from "../../src/index.ts";
import { Links } from "../../src/node/links/links.ts";
import { encodeFrame, type Frame, type SignedLink } from "../../src/node/links/wire.ts";
import { type Network, until } from "./network.ts";

/** A node of nobody's: speaks the protocol, and says what it likes. */
export class Attacker {
  readonly frames: Frame[] = [];
  links!: Links;
  #gone = 0;

  /** @param speaksFor what it says in its hello, of its peer id */
  static async join(
    network: Network,
    target: MachService,
    speaksFor: (peerId: Hex) => Promise<SignedLink | null> = async () => null,
    { welcome = true }: { readonly welcome?: boolean } = {},
  ): Promise<Attacker> {
    const attacker = new Attacker();
    attacker.links = await Links.start(
      {
        domainSeparator: network.digests.domainSeparator,
        identityKey: randomBytes(32),
        listen: [],
        peers: target.status().addresses,
        maxConnections: 10,
      },
      {
        ownLink: speaksFor,
        onFrame: (_peer, frame) => attacker.frames.push(frame),
        onGone: () => {
          attacker.#gone++;
        },
        count: () => {},
        log: network.logger,
      },
    );
    // The target said hello, so it hears what comes after ours.
    if (welcome) await until("the target's hello", () => attacker.frames.some(({ type }) => type === "hello"));
    return attacker;
  }

  /** Under the operator's own key. */
  static speaker(network: Network, i: number, changes: { issuedAt?: number } = {}) {
    return async (peerId: Hex): Promise<SignedLink> => {
      const link = { peerId, operator: network.address(i), issuedAt: Math.floor(Date.now() / 1000), ...changes };
      return { operator: link.operator, issuedAt: link.issuedAt, signature: await network.signer(i).signLink(link) };
    };
  }

  /** How often the target hung up. */
  get gone(): number {
    return this.#gone;
  }

  send(frame: Frame): void {
    this.links.broadcast(frame);
  }

  /** Bytes as they are, with a length in front. */
  sendBytes(body: Uint8Array): void {
    const framed = Buffer.alloc(4 + body.length);
    framed.writeUInt32BE(body.length, 0);
    framed.set(body, 4);
    for (const peer of this.links.peers) peer.sendEncoded(framed);
  }

  close(): Promise<void> {
    return this.links.close();
  }
}

/** A certificate of these operators, by index, as anybody with their keys makes it. */
export function certify(
  network: Network,
  message: Message,
  signers: readonly number[],
  changes: {
    readonly digests?: MachDigests;
    readonly depth?: number;
    readonly certificate?: Partial<Certificate>;
  } = {},
): Uint8Array {
  const table =
    [...network.services.values()][0]?.table(message.base.epoch) ?? [...network.services.values()][0]?.table();
  if (table === null || table === undefined) throw new TypeError("no table yet");
  const digest = hexToBytes((changes.digests ?? network.digests).message(message));
  const secrets = signers.map((index) => {
    const { operator } = table.members.get(index) as TableMember;
    return network.secret(network.l1.operators.findIndex(({ address }) => address.toLowerCase() === operator));
  });
  const signature = bn254.sumG1(secrets.map((secret) => bn254.sign(secret, digest)));
  const aggregateKey = bn254.sumG2(secrets.map((secret) => bn254.publicKeys(secret).g2));
  return encodeCertificate({
    message,
    tableCommitment: table.commitment,
    signature: bytesToHex(signature as Uint8Array),
    aggregateKey: bytesToHex(aggregateKey as Uint8Array),
    signers: [...new Set(signers)].sort((a, b) => a - b),
    depth: changes.depth ?? table.header.depth,
    ...changes.certificate,
  });
}

export function bodyOf(frame: Frame): Uint8Array {
  return encodeFrame(frame).subarray(4);
}
