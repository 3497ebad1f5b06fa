// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/access/Ownable.sol";
import {Address} from "@openzeppelin/utils/Address.sol";
import {Certificate} from "../avs/interfaces/IMachTypes.sol";
import {IMachVerifier} from "../avs/interfaces/IMachVerifier.sol";
import {CertifiedReceipt, ReceiptProof} from "./CertifiedReceipt.sol";
import {FastExitGate} from "./FastExitGate.sol";

/// @title FastExit
/// @notice Pays ether out on L1 within seconds of its exit from the rollup, against a certificate, and gets it back
///         when the withdrawal that the exit began is finalized, days later. An example of what IMachVerifier is for.
/// @dev    Whoever funds it bears what a certificate does not cover (docs/spec/mach.md, section 10): where the L1
///         derives another chain, or the operators sign a wrong state, what was paid does not come back. Cap and fee
///         are the price of that, and `cap` bounds the loss of one exit, not of many. Exits are paid once by the number
///         that the gate gave them, so contradictory certificates cannot both be paid.
contract FastExit is Ownable {
    using Address for address payable;

    uint256 private constant BASIS_POINTS = 10_000;

    IMachVerifier public immutable verifier;
    /// @notice The gate on the rollup whose exits are paid.
    address public immutable gate;
    uint256 public immutable feeBasisPoints;
    uint256 public immutable cap;
    mapping(uint256 number => bool) public paid;

    event ExitPaid(uint256 indexed number, address indexed to, uint256 amount, uint256 fee);

    error AlreadyPaid(uint256 number);
    error NotAnExit();
    error AboveCap(uint256 amount, uint256 cap);
    error BadTerms();

    constructor(IMachVerifier verifier_, address gate_, uint256 feeBasisPoints_, uint256 cap_, address owner)
        Ownable(owner)
    {
        if (feeBasisPoints_ >= BASIS_POINTS || gate_ == address(0)) revert BadTerms();
        (verifier, gate, feeBasisPoints, cap) = (verifier_, gate_, feeBasisPoints_, cap_);
    }

    /// @notice Funds, and withdrawals that come home.
    receive() external payable {}

    /// @notice Pays an exit out. Anybody may bring the proof; the receiver is the exit's.
    /// @param logIndex Of the gate's event among the receipt's logs.
    function claim(Certificate calldata certificate, ReceiptProof calldata proof, uint256 logIndex) external {
        verifier.verify(certificate);
        CertifiedReceipt.Log memory log = CertifiedReceipt.logOf(certificate.message, proof, logIndex);
        bool exit = log.emitter == gate && log.topics.length == 3
            && log.topics[0] == FastExitGate.ExitRequested.selector && log.data.length == 32;
        if (!exit) revert NotAnExit();
        uint256 number = uint256(log.topics[1]);
        address to = address(uint160(uint256(log.topics[2])));
        uint256 amount = abi.decode(log.data, (uint256));
        if (paid[number]) revert AlreadyPaid(number);
        if (amount > cap) revert AboveCap(amount, cap);

        paid[number] = true;
        uint256 fee = amount * feeBasisPoints / BASIS_POINTS;
        emit ExitPaid(number, to, amount - fee, fee);
        payable(to).sendValue(amount - fee);
    }

    /// @notice Takes funds out.
    function withdraw(address payable to, uint256 amount) external onlyOwner {
        to.sendValue(amount);
    }
}
