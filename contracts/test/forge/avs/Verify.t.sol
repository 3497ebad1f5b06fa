// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Certificate, Message, TableEntry} from "src/avs/interfaces/IMachTypes.sol";
import {IMachVerifier} from "src/avs/interfaces/IMachVerifier.sol";
import {BN254} from "src/restaking/libraries/BN254.sol";
import {Mach} from "../Mach.sol";

/// @notice IMachVerifier.verify, and the certificates that it must refuse.
contract VerifyTest is Mach {
    uint256 private constant N = 6;

    function setUp() public override {
        super.setUp();
        _startWith(N);
    }

    function _absentees(uint256 count) private pure returns (uint256[] memory absent) {
        absent = new uint256[](count);
        for (uint256 i; i < count; ++i) absent[i] = 2 * i;
    }

    function test_All_sign_or_all_but_one() external view {
        Message memory message = _block(10, "a");
        vm.assertEq(verifier.verify(_certify(message, N)), verifier.digestOf(message));
        verifier.verify(_certify(message, N, _absentees(1)));
    }

    /// @dev Four of six are two thirds, and two thirds are not more than two thirds.
    function test_Attack_rounding_at_exactly_the_threshold() external {
        Certificate memory certificate = _certify(_block(10, "a"), N, _absentees(2));
        vm.expectRevert(
            abi.encodeWithSelector(IMachVerifier.BelowThreshold.selector, 0, 4 * STAKE, 6 * STAKE)
        );
        verifier.verify(certificate);
    }

    function test_Attack_forged_certificate() external {
        Certificate memory certificate = _certify(_block(10, "a"), N);
        certificate.message.core.outputRoot = keccak256("other");
        _refused(certificate, IMachVerifier.InvalidSignature.selector);
        certificate = _certify(_block(10, "a"), N);
        certificate.signature = BN254.negate(certificate.signature);
        _refused(certificate, IMachVerifier.InvalidSignature.selector);
        certificate = _certify(_block(10, "a"), N);
        certificate.aggregateKey = _g2Key(9);
        _refused(certificate, IMachVerifier.InvalidSignature.selector);
    }

    /// @dev Fewer signed than the certificate says: claiming presence takes the absent one's signature.
    function test_Attack_truncated_certificate() external {
        Certificate memory certificate = _certify(_block(10, "a"), N, _absentees(1));
        certificate.absent = new TableEntry[](0);
        _refused(certificate, IMachVerifier.InvalidSignature.selector);
    }

    function test_Attack_replayed_on_another_chain() external {
        Certificate memory certificate = _certify(_block(10, "a"), N);
        vm.chainId(4242);
        _refused(certificate, IMachVerifier.InvalidSignature.selector);
    }

    function test_Attack_replayed_for_another_rollup_or_set() external {
        Certificate memory certificate = _certify(_block(10, "a"), N);
        bytes32 first = verifier.digestOf(certificate.message);
        _use(_another(_params(), "second"));
        vm.assertTrue(verifier.digestOf(certificate.message) != first);
        vm.expectRevert();
        verifier.verify(certificate);
    }

    function test_Attack_replayed_in_another_epoch() external {
        Certificate memory certificate = _certify(_block(10, "a"), N);
        _nextEpoch();
        certificate.table = header;
        _refused(certificate, IMachVerifier.WrongTable.selector);
        certificate.message.base.epoch = header.epoch;
        _refused(certificate, IMachVerifier.WrongEpoch.selector);
        certificate.message.core.originNumber = uint64(table.epochBlock(header.epoch)) + K;
        _refused(certificate, IMachVerifier.InvalidSignature.selector);
    }

    function test_Attack_replayed_at_another_height() external {
        Certificate memory certificate = _certify(_block(10, "a"), N);
        certificate.message.core.height = 11;
        _refused(certificate, IMachVerifier.InvalidSignature.selector);
    }

    function test_Attack_slice_passed_off_as_a_block() external {
        Message memory slice = _block(10, "a");
        slice.kind = 1;
        (slice.core.blockHash, slice.core.outputRoot) = (0, 0);
        Certificate memory certificate = _certify(slice, N);
        verifier.verify(certificate);
        certificate.message.kind = 2;
        _refused(certificate, IMachVerifier.MalformedMessage.selector);
        certificate.message.core.blockHash = certificate.message.core.outputRoot = keccak256("x");
        _refused(certificate, IMachVerifier.InvalidSignature.selector);
    }

    function test_Attack_malformed_messages() external {
        Message memory message = _block(8, "a");
        _refused(_certify(message, N), IMachVerifier.MalformedMessage.selector);
        message = _block(10, "a");
        message.core.transactionCount = 0;
        _refused(_certify(message, N), IMachVerifier.MalformedMessage.selector);
        message = _block(9, "a");
        _refused(_certify(message, N), IMachVerifier.MalformedMessage.selector);
        message.core.parentHash = message.base.blockHash;
        verifier.verify(_certify(message, N));
    }

    /// @dev Epoch 0 begins with the start: a block of an origin below it is no epoch's.
    function test_Attack_origin_before_the_start() external {
        Message memory message = _block(10, "a");
        vm.assertEq(uint256(message.base.epoch), 0);
        message.core.originNumber = uint64(table.startBlock());
        verifier.verify(_certify(message, N));
        message.core.originNumber -= 1;
        _refused(_certify(message, N), IMachVerifier.MalformedMessage.selector);
    }

    /// @dev A signer's key twice in the sum while another's is left out.
    function test_Attack_signer_counted_twice() external {
        Message memory message = _block(10, "a");
        bytes32 digest = verifier.digestOf(message);
        Certificate memory certificate = _certify(message, N, _absentees(1));
        certificate.absent = new TableEntry[](0);
        certificate.signature = BN254.add(certificate.signature, _signBN254(1, digest));
        certificate.aggregateKey = _addG2(certificate.aggregateKey, _g2Key(1));
        _refused(certificate, IMachVerifier.InvalidSignature.selector);
    }

    function test_Attack_absent_twice_or_out_of_order() external {
        Certificate memory certificate = _certify(_block(10, "a"), N, _absentees(1));
        TableEntry[] memory twice = new TableEntry[](2);
        twice[0] = twice[1] = certificate.absent[0];
        certificate.absent = twice;
        _refused(certificate, IMachVerifier.AbsentOutOfOrder.selector);
        certificate.absent[1] = _entry(3);
        certificate.absent[0] = _entry(4);
        _refused(certificate, IMachVerifier.AbsentOutOfOrder.selector);
    }

    function test_Attack_absent_operator_of_less_weight_or_another_key() external {
        Certificate memory certificate = _certify(_block(10, "a"), N, _absentees(1));
        certificate.absent[0].weights[0] = 0;
        _refused(certificate, IMachVerifier.NotInTable.selector);
        certificate.absent[0].weights[0] = STAKE;
        certificate.absent[0].key = _g1Key(1);
        _refused(certificate, IMachVerifier.NotInTable.selector);
        certificate.absent[0].key = _g1Key(0);
        verifier.verify(certificate);
        certificate.absent[0].path = new bytes32[](2);
        _refused(certificate, IMachVerifier.NotInTable.selector);
    }

    function test_Attack_stale_certificate() external {
        Certificate memory certificate = _certify(_block(10, "a"), N);
        vm.roll(table.epochBlock(header.epoch) + AGE);
        verifier.verify(certificate);
        vm.roll(block.number + 1);
        _refused(certificate, IMachVerifier.CertificateTooOld.selector);
    }

    function test_Attack_table_of_the_signers_choice() external {
        Certificate memory certificate = _certify(_block(10, "a"), N);
        certificate.table.total[0] = 1;
        _refused(certificate, IMachVerifier.WrongTable.selector);
        certificate = _certify(_block(10, "a"), N);
        certificate.message.base.epoch = certificate.table.epoch = header.epoch + 5;
        certificate.message.core.originNumber += 5 * EPOCH;
        _refused(certificate, IMachVerifier.WrongTable.selector);
    }

    function test_Threshold_only_rises_and_only_by_the_timelock() external {
        vm.expectRevert();
        mach.raiseThreshold(3, 4);
        vm.startPrank(address(timelock));
        vm.expectRevert(abi.encodeWithSelector(IMachVerifier.ThresholdCannotFall.selector, 1, 2));
        mach.raiseThreshold(1, 2);
        vm.expectRevert(abi.encodeWithSelector(IMachVerifier.ThresholdCannotFall.selector, 1, 1));
        mach.raiseThreshold(1, 1);
        mach.raiseThreshold(5, 6);
        vm.stopPrank();
        _refused(_certify(_block(10, "a"), N, _absentees(1)), IMachVerifier.BelowThreshold.selector);
        verifier.verify(_certify(_block(10, "a"), N));
    }

    /// @dev Whatever is flipped in a certificate's message, nobody signed that.
    function testFuzz_No_other_message_passes(uint256 word, uint256 mask) external {
        Certificate memory certificate = _certify(_block(10, "a"), N);
        bytes memory encoded = abi.encode(certificate.message);
        word = _bound(word, 0, 15);
        mask = _bound(mask, 1, type(uint256).max);
        bool small = word == 0 || word == 1 || word == 2 || word == 3 || word == 8 || word == 12 || word == 14;
        if (small) mask = _bound(mask, 1, word == 0 ? 3 : type(uint32).max);
        assembly {
            let at := add(add(encoded, 32), mul(word, 32))
            mstore(at, xor(mload(at), mask))
        }
        certificate.message = abi.decode(encoded, (Message));
        vm.expectRevert();
        verifier.verify(certificate);
    }

    function _refused(Certificate memory certificate, bytes4 reason) private view {
        try verifier.verify(certificate) {
            vm.assertTrue(false, "verified");
        } catch (bytes memory revertReason) {
            vm.assertEq(bytes32(bytes4(revertReason)), bytes32(reason));
        }
    }
}
