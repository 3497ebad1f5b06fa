// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMachRegistrar} from "../avs/interfaces/IMachRegistrar.sol";
import {IMachVerifier} from "../avs/interfaces/IMachVerifier.sol";
import {IOperatorTable} from "../avs/interfaces/IOperatorTable.sol";
import {MirrorVerifier} from "./MirrorVerifier.sol";

/// @notice What is asked of the OP Stack's messengers, on both sides.
interface ICrossDomainMessenger {
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable;

    function xDomainMessageSender() external view returns (address);
}

/// @title TableCourier
/// @notice Tells a MirrorVerifier on a rollup which operator table the L1 has committed for an epoch, as a deposit.
/// @dev    Holds nothing and decides nothing: anybody sends, and what is sent is what the L1's contracts say.
contract TableCourier {
    IOperatorTable public immutable table;
    IMachVerifier public immutable verifier;
    /// @notice The L1CrossDomainMessenger of the rollup that the mirror is on.
    ICrossDomainMessenger public immutable messenger;
    address public immutable mirror;

    error NotCommitted(uint64 epoch);

    constructor(IMachRegistrar registrar, ICrossDomainMessenger messenger_, address mirror_) {
        (table, verifier) = (IOperatorTable(registrar.table()), IMachVerifier(registrar.verifier()));
        (messenger, mirror) = (messenger_, mirror_);
    }

    /// @notice Sends an epoch's commitment, and the threshold as it stands.
    /// @param minGasLimit On the rollup; 100,000 suffice.
    function send(uint64 epoch, uint32 minGasLimit) external {
        bytes32 commitment = table.commitments(epoch);
        if (commitment == 0) revert NotCommitted(epoch);
        (uint256 numerator, uint256 denominator) = verifier.threshold();
        messenger.sendMessage(
            mirror,
            abi.encodeCall(MirrorVerifier.mirrorTable, (epoch, commitment, uint128(numerator), uint128(denominator))),
            minGasLimit
        );
    }
}
