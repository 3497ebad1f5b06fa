import { parseAbi } from "viem";

/** What a dApp calls of `IMachVerifier` (contracts/src/avs/interfaces); test/contracts.test.ts compares them. */
export const machVerifierAbi = parseAbi([
  "struct Core { uint64 height; uint64 timestamp; uint64 originNumber; bytes32 originHash; bytes32 parentHash; bytes32 attributesHash; bytes32 historyRoot; uint32 transactionCount; bytes32 transactionRoot; bytes32 blockHash; bytes32 outputRoot; }",
  "struct Base { uint64 epoch; bytes32 l1Hash; uint64 height; bytes32 blockHash; }",
  "struct Message { uint8 kind; Core core; Base base; }",
  "struct TableHeader { uint64 epoch; uint32 depth; bytes32 root; uint256 aggregateX; uint256 aggregateY; uint256[] active; uint256[] total; }",
  "struct G1Point { uint256 X; uint256 Y; }",
  "struct G2Point { uint256[2] X; uint256[2] Y; }",
  "struct TableEntry { uint32 index; address operator; G1Point key; uint256[] weights; bytes32[] path; }",
  "struct Certificate { Message message; TableHeader table; G1Point signature; G2Point aggregateKey; TableEntry[] absent; }",
  "function verify(Certificate certificate) view returns (bytes32 digest)",
  "function digestOf(Message message) view returns (bytes32)",
  "function threshold() view returns (uint256 numerator, uint256 denominator)",
  "error MalformedMessage()",
  "error WrongEpoch(uint64 epoch, uint64 expected)",
  "error WrongTable(uint64 epoch)",
  "error CertificateTooOld(uint64 epoch, uint256 lastBlock)",
  "error BelowThreshold(uint256 class, uint256 signed, uint256 total)",
  "error InvalidSignature()",
  "error AbsentOutOfOrder(uint32 index)",
  "error NotInTable(uint32 index)",
]);
