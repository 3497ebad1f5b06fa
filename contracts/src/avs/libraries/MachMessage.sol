// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Base, Core, Message} from "../interfaces/IMachTypes.sol";

/// @title MachMessage
/// @notice Digest and well-formedness of messages. Rules: docs/spec/mach.md, section 2.
library MachMessage {
    uint8 internal constant SLICE = 1;
    uint8 internal constant BLOCK = 2;

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    );
    bytes32 private constant NAME_HASH = keccak256("AltLayer MACH");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant BASE_TYPEHASH =
        keccak256("Base(uint64 epoch,bytes32 l1Hash,uint64 height,bytes32 blockHash)");
    bytes32 private constant CORE_TYPEHASH = keccak256(
        "Core(uint64 height,uint64 timestamp,uint64 originNumber,bytes32 originHash,bytes32 parentHash,bytes32 attributesHash,bytes32 historyRoot,uint32 transactionCount,bytes32 transactionRoot,bytes32 blockHash,bytes32 outputRoot)"
    );
    bytes32 private constant MESSAGE_TYPEHASH = keccak256(
        "Message(uint8 kind,Core core,Base base)Base(uint64 epoch,bytes32 l1Hash,uint64 height,bytes32 blockHash)Core(uint64 height,uint64 timestamp,uint64 originNumber,bytes32 originHash,bytes32 parentHash,bytes32 attributesHash,bytes32 historyRoot,uint32 transactionCount,bytes32 transactionRoot,bytes32 blockHash,bytes32 outputRoot)"
    );

    /// @notice The domain of a service: purpose, L1 chain, avs, operator set and rollup.
    function domainSeparator(address avs, uint32 operatorSetId, bytes32 rollupId) internal view returns (bytes32) {
        return domainSeparator(block.chainid, avs, operatorSetId, rollupId);
    }

    /// @notice The same from another chain than the L1.
    function domainSeparator(uint256 l1ChainId, address avs, uint32 operatorSetId, bytes32 rollupId)
        internal
        pure
        returns (bytes32)
    {
        bytes32 salt = keccak256(abi.encode(rollupId, operatorSetId));
        return keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, l1ChainId, avs, salt));
    }

    function hash(Core memory core) internal pure returns (bytes32) {
        return keccak256(abi.encode(CORE_TYPEHASH, core));
    }

    function hash(Message memory message) internal pure returns (bytes32) {
        bytes32 base = keccak256(abi.encode(BASE_TYPEHASH, message.base));
        return keccak256(abi.encode(MESSAGE_TYPEHASH, message.kind, hash(message.core), base));
    }

    /// @notice What is signed.
    function digest(Message memory message, bytes32 domain) internal pure returns (bytes32) {
        return typed(hash(message), domain);
    }

    /// @notice EIP-712's last step.
    function typed(bytes32 structHash, bytes32 domain) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /// @notice Whether verifiers take the message; its epoch is looked at by the caller.
    function isWellFormed(Message memory message) internal pure returns (bool) {
        Core memory core = message.core;
        bool sealed_ = message.kind == BLOCK;
        if (!sealed_ && message.kind != SLICE) return false;
        if (core.transactionCount == 0 || core.height <= message.base.height) return false;
        if ((core.blockHash != 0) != sealed_ || (core.outputRoot != 0) != sealed_) return false;
        return core.height != message.base.height + 1 || core.parentHash == message.base.blockHash;
    }
}
