import { bn254 } from "@altlayer/engine";
import {
  ALERT_REASONS,
  type Alert,
  bytesToHex,
  type Hex,
  hexToBytes,
  type Link,
  type MachDigests,
  type Message,
  type RewardsReport,
} from "@altlayer/protocol";
import { encodeFrame, type Frame } from "../../src/node/links/wire.ts";
import { named } from "./chain.ts";

/** Frames as they go over the network, and what is signed in them: docs/spec/mach.md, section 14. */
export function wireVectors(message: Message, certificate: Hex, digests: MachDigests) {
  const secret = bn254.deriveSecret(new Uint8Array(32).fill(1), Buffer.from("operator 0"));
  const keys = bn254.publicKeys(secret);
  const operator: Hex = `0x${"01".repeat(20)}`;
  const sign = (digest: Hex) => bytesToHex(bn254.sign(secret, hexToBytes(digest)));
  const link: Link = { peerId: "0x00250802122102aabbccdd", operator, issuedAt: 1_700_000_000 };
  const alert: Alert = {
    epoch: 3,
    height: 10,
    blockHash: named("bad block"),
    reason: ALERT_REASONS.stateRoot,
    transactionIndex: 7,
  };
  const share = { message, signature: sign(digests.message(message)) };
  const report: RewardsReport = {
    firstEpoch: 3,
    lastEpoch: 5,
    operators: [operator, `0x${"02".repeat(20)}`],
    points: [7n, 2n ** 64n - 1n],
  };
  const linkSignature = sign(digests.link(link));
  const frames: readonly Frame[] = [
    { type: "hello", link: null },
    { type: "hello", link: { operator, issuedAt: link.issuedAt, signature: linkSignature } },
    { type: "share", share },
    { type: "ask" },
    { type: "answer", share: null },
    { type: "answer", share },
    { type: "certificate", encoded: hexToBytes(certificate) },
    { type: "alert", signed: { operator, alert, signature: sign(digests.alert(alert)) } },
    { type: "request", query: { digest: digests.message(message) } },
    { type: "request", query: { height: 10 } },
    { type: "served" },
    { type: "report", report },
    { type: "endorsement", digest: digests.report(report), signature: sign(digests.report(report)) },
    { type: "prune" },
    { type: "graft" },
    {
      type: "have",
      certificates: [
        { digest: digests.message(message), signers: 3 },
        { digest: digests.report(report), signers: 1_024 },
      ],
    },
  ];
  return {
    keyG2: bytesToHex(keys.g2),
    link: { ...link, digest: digests.link(link), signature: linkSignature },
    alert: { ...alert, digest: digests.alert(alert), signature: sign(digests.alert(alert)) },
    frames: frames.map((frame) => ({ type: frame.type, encoded: bytesToHex(encodeFrame(frame)) })),
  };
}
