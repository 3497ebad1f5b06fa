// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/token/ERC20/utils/SafeERC20.sol";
import {IMachSlasher} from "./interfaces/IMachSlasher.sol";

/// @title BountyPool
/// @notice A fixed bounty for who proves a fault, from a pool of its own. Not a part of what is slashed: an operator
///         that reports itself would rob its delegators. At most one bounty in a period, so a crowd of small operators
///         that report themselves empties nothing.
abstract contract BountyPool is IMachSlasher {
    using SafeERC20 for IERC20;

    /// @param token  ALT.
    /// @param amount What a fault pays, in wei of the token.
    /// @param period L1 blocks between two payments.
    /// @param claims L1 blocks after a fault's recording in which it may be claimed.
    struct BountyTerms {
        address token;
        uint256 amount;
        uint32 period;
        uint32 claims;
    }

    struct Fault {
        uint64 recordedAt;
        uint64 committedAt;
        bool slashed;
        bool paid;
        address reporter;
    }

    BountyTerms public terms;
    uint256 public nextPaymentBlock;
    mapping(bytes32 faultId => Fault) public faults;
    mapping(bytes32 commitment => uint256 blockNumber) public commitments;

    /// @inheritdoc IMachSlasher
    function commitBounty(bytes32 commitment) external {
        if (commitments[commitment] != 0) return;
        commitments[commitment] = block.number;
        emit BountyCommitted(commitment, msg.sender);
    }

    /// @inheritdoc IMachSlasher
    function claimBounty(bytes32 faultId, bytes32 salt) external {
        Fault storage fault = faults[faultId];
        if (fault.recordedAt == 0) revert UnknownFault(faultId);
        uint256 last = fault.recordedAt + uint256(terms.claims);
        if (block.number > last) revert ClaimsClosed(last);
        uint256 committed = commitments[keccak256(abi.encode(faultId, msg.sender, salt))];
        bool inTime = committed != 0 && committed < fault.recordedAt;
        bool first = fault.committedAt == 0 || committed < fault.committedAt;
        if (!inTime || !first) revert NotCommittedInTime();

        (fault.committedAt, fault.reporter) = (uint64(committed), msg.sender);
        emit BountyClaimed(faultId, msg.sender, committed);
    }

    /// @inheritdoc IMachSlasher
    function payBounty(bytes32 faultId) external {
        Fault storage fault = faults[faultId];
        uint256 last = fault.recordedAt + uint256(terms.claims);
        if (block.number <= last) revert ClaimsOpenUntil(last);
        bool due = fault.slashed && !fault.paid && fault.reporter != address(0) && block.number >= nextPaymentBlock;
        if (!due) revert NothingToPay();

        fault.paid = true;
        nextPaymentBlock = block.number + terms.period;
        emit BountyPaid(faultId, fault.reporter, terms.amount);
        IERC20(terms.token).safeTransfer(fault.reporter, terms.amount);
    }

    /// @inheritdoc IMachSlasher
    function fundBounties(uint256 amount) external {
        IERC20 token = IERC20(terms.token);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        if (token.balanceOf(address(this)) - before != amount) revert TransferAmountMismatch();
        emit BountiesFunded(msg.sender, amount);
    }

    function _setTerms(BountyTerms calldata terms_) internal {
        terms = terms_;
    }

    function _openClaims(bytes32 faultId) internal {
        faults[faultId].recordedAt = uint64(block.number);
    }

    function _markSlashed(bytes32 faultId) internal {
        faults[faultId].slashed = true;
    }

    function _recordedAt(bytes32 faultId) internal view returns (uint256) {
        return faults[faultId].recordedAt;
    }
}
