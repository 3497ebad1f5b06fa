// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Certificate, Message} from "src/avs/interfaces/IMachTypes.sol";
import {IMachVerifier} from "src/avs/interfaces/IMachVerifier.sol";
import {MirrorVerifier} from "src/examples/MirrorVerifier.sol";
import {ICrossDomainMessenger, TableCourier} from "src/examples/TableCourier.sol";
import {Mach} from "../Mach.sol";

/// @notice Both messengers in one: what is sent on L1 waits here until it is relayed on L2, by the sender's name.
contract TestMessenger {
    address public xDomainMessageSender;
    address private _from;
    address private _target;
    bytes private _message;

    function sendMessage(address target, bytes calldata message, uint32) external payable {
        (_from, _target, _message) = (msg.sender, target, message);
    }

    function sent() external view returns (address, address, bytes memory) {
        return (_from, _target, _message);
    }

    function relay(address from, address target, bytes calldata message) external {
        xDomainMessageSender = from;
        (bool success, bytes memory reason) = target.call(message);
        xDomainMessageSender = address(0);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }
}

contract TestL1Block {
    uint64 public number;

    function set(uint64 number_) external {
        number = number_;
    }
}

/// @notice MirrorVerifier.verify on the rollup, with tables that come from the L1 by TableCourier.
contract MirrorTest is Mach {
    uint256 private constant N = 6;
    uint256 private constant L2_CHAIN_ID = 901;
    uint256 private constant L1_CHAIN_ID = 31_337;
    MirrorVerifier private mirror;
    TableCourier private courier;
    TestMessenger private l1Messenger;

    function setUp() public override {
        super.setUp();
        _startWith(N);
        l1Messenger = new TestMessenger();
        // The courier is deployed after the mirror; its address is known before.
        address courierAt = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        mirror = new MirrorVerifier(
            courierAt,
            MirrorVerifier.Service(
                L1_CHAIN_ID, suite.registrar, suite.rollupId, uint64(table.startBlock()), K, EPOCH, AGE
            )
        );
        courier = new TableCourier(mach, ICrossDomainMessenger(address(l1Messenger)), address(mirror));
        vm.etch(address(mirror.MESSENGER()), address(new TestMessenger()).code);
        vm.etch(address(mirror.L1_BLOCK()), address(new TestL1Block()).code);
        _seeL1(block.number);
    }

    function _seeL1(uint256 number) private {
        TestL1Block(address(mirror.L1_BLOCK())).set(uint64(number));
    }

    function _relay() private {
        (address from, address target, bytes memory message) = l1Messenger.sent();
        TestMessenger(address(mirror.MESSENGER())).relay(from, target, message);
    }

    function _arrive(uint64 epoch) private {
        courier.send(epoch, 100_000);
        _relay();
    }

    function _refusedOnL2(Certificate memory certificate, bytes4 selector) private {
        vm.chainId(L2_CHAIN_ID);
        try mirror.verify(certificate) {
            vm.assertTrue(false, "accepted");
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(selector));
        }
        vm.chainId(L1_CHAIN_ID);
    }

    function test_Accepts_what_the_L1_accepts_once_the_table_is_there() external {
        Message memory message = _block(10, "a");
        uint256[] memory absent = new uint256[](1);
        absent[0] = 3;
        Certificate memory certificate = _certify(message, N, absent);
        bytes32 digest = verifier.verify(certificate);
        _refusedOnL2(certificate, IMachVerifier.WrongTable.selector);
        _arrive(header.epoch);
        vm.chainId(L2_CHAIN_ID);
        vm.assertEq(mirror.verify(certificate), digest);
    }

    function test_Attack_table_from_somebody_else() external {
        bytes memory call = abi.encodeCall(MirrorVerifier.mirrorTable, (header.epoch, keccak256("mine"), 2, 3));
        vm.expectRevert(MirrorVerifier.OnlyCourier.selector);
        mirror.mirrorTable(header.epoch, keccak256("mine"), 2, 3);
        TestMessenger messenger = TestMessenger(address(mirror.MESSENGER()));
        vm.expectRevert(MirrorVerifier.OnlyCourier.selector);
        messenger.relay(address(0xBAD), address(mirror), call);
        vm.expectRevert(abi.encodeWithSelector(TableCourier.NotCommitted.selector, header.epoch + 1));
        courier.send(header.epoch + 1, 100_000);
        vm.assertEq(mirror.commitments(header.epoch), bytes32(0));
    }

    function test_Attack_certificates_that_the_L1_refuses() external {
        _arrive(header.epoch);
        uint256[] memory absent = new uint256[](2);
        absent[1] = 1;
        _refusedOnL2(_certify(_block(10, "a"), N, absent), IMachVerifier.BelowThreshold.selector);
        Certificate memory certificate = _certify(_block(10, "a"), N);
        certificate.message.core.outputRoot = keccak256("other");
        _refusedOnL2(certificate, IMachVerifier.InvalidSignature.selector);
        certificate = _certify(_block(10, "a"), N);
        certificate.table.total[0] = 1;
        _refusedOnL2(certificate, IMachVerifier.WrongTable.selector);
        Message memory message = _block(10, "a");
        message.core.originNumber += EPOCH;
        _refusedOnL2(_certify(message, N), IMachVerifier.WrongEpoch.selector);
        message.core.originNumber = uint64(table.startBlock()) - 1;
        _refusedOnL2(_certify(message, N), IMachVerifier.MalformedMessage.selector);
        _refusedOnL2(_certify(_block(8, "a"), N), IMachVerifier.MalformedMessage.selector);
    }

    /// @dev Signed for a service on the L1 that carries the rollup's own chain id.
    function test_Attack_signed_for_the_rollup_as_if_it_were_the_L1() external {
        _arrive(header.epoch);
        vm.chainId(L2_CHAIN_ID);
        Certificate memory certificate = _certify(_block(10, "a"), N);
        vm.expectRevert(IMachVerifier.InvalidSignature.selector);
        mirror.verify(certificate);
    }

    function test_Attack_too_old_by_the_L1_as_the_rollup_sees_it() external {
        _arrive(header.epoch);
        Certificate memory certificate = _certify(_block(10, "a"), N);
        uint256 last = table.epochBlock(header.epoch) + AGE;
        _seeL1(last);
        mirror.verify(certificate);
        _seeL1(last + 1);
        vm.expectRevert(abi.encodeWithSelector(IMachVerifier.CertificateTooOld.selector, header.epoch, last));
        mirror.verify(certificate);
    }

    function test_A_raised_threshold_comes_with_the_next_table_and_never_falls() external {
        courier.send(header.epoch, 100_000);
        (address from, address target, bytes memory earlier) = l1Messenger.sent();
        vm.prank(address(timelock));
        mach.raiseThreshold(9, 10);
        _arrive(header.epoch);
        uint256[] memory absent = new uint256[](1);
        Certificate memory certificate = _certify(_block(10, "a"), N, absent);
        vm.expectRevert(
            abi.encodeWithSelector(IMachVerifier.BelowThreshold.selector, 0, 5 * STAKE, 6 * STAKE)
        );
        mirror.verify(certificate);
        // The older message arrives late.
        TestMessenger(address(mirror.MESSENGER())).relay(from, target, earlier);
        vm.assertEq(mirror.numerator(), 9);
        vm.assertEq(mirror.denominator(), 10);
    }
}
