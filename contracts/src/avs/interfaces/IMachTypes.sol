// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {BN254} from "../../restaking/libraries/BN254.sol";

/// @notice What a message says about a block, or a prefix of one. See docs/spec/mach.md, section 2.
struct Core {
    uint64 height;
    uint64 timestamp;
    uint64 originNumber;
    bytes32 originHash;
    bytes32 parentHash;
    bytes32 attributesHash;
    bytes32 historyRoot;
    uint32 transactionCount;
    bytes32 transactionRoot;
    bytes32 blockHash;
    bytes32 outputRoot;
}

/// @notice The epoch a message belongs to: its L1 block, and the L2 head derived from L1 up to there.
struct Base {
    uint64 epoch;
    bytes32 l1Hash;
    uint64 height;
    bytes32 blockHash;
}

/// @notice What an operator signs. `kind`: 1 a slice, 2 a block.
struct Message {
    uint8 kind;
    Core core;
    Base base;
}

/// @notice The operator table of an epoch: root of the tree of operators, the sum of their keys, and weights by class.
struct TableHeader {
    uint64 epoch;
    uint32 depth;
    bytes32 root;
    uint256 aggregateX;
    uint256 aggregateY;
    uint256[] active;
    uint256[] total;
}

/// @notice An operator of the table with its place in it.
struct TableEntry {
    uint32 index;
    address operator;
    BN254.G1Point key;
    uint256[] weights;
    bytes32[] path;
}

/// @notice A certificate as contracts take it: with the operators that did not sign, by ascending index.
struct Certificate {
    Message message;
    TableHeader table;
    BN254.G1Point signature;
    BN254.G2Point aggregateKey;
    TableEntry[] absent;
}

/// @notice How a contradiction is shown; see docs/spec/mach.md, section 4. BASE: one L1 hash, two bases.
enum Form {
    BASE,
    PLACE,
    CONTENT,
    PREFIX,
    PARENT,
    HISTORY
}

/// @param form  How the two messages contradict.
/// @param inner For HISTORY: PLACE, CONTENT or PREFIX between the core found in the history and the lower message.
/// @param past  For HISTORY: the core at the lower message's height in the higher one's history.
/// @param directions For HISTORY: of the inclusion proof.
/// @param inclusion  For HISTORY: siblings of the inclusion proof.
/// @param prefix     For PREFIX: nodes of the prefix proof.
struct Contradiction {
    Form form;
    Form inner;
    Core past;
    uint256 directions;
    bytes32[] inclusion;
    bytes32[] prefix;
}
