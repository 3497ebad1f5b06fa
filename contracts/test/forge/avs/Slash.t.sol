// SPDX-License-Identifier: MIT
// Size: the attacks on one entry point share their evidence; one test file for it (S27).
pragma solidity 0.8.30;

import {Certificate, Contradiction, Form, Message, TableEntry} from "src/avs/interfaces/IMachTypes.sol";
import {IMachRegistrar} from "src/avs/interfaces/IMachRegistrar.sol";
import {IMachSlasher} from "src/avs/interfaces/IMachSlasher.sol";
import {IMachVerifier} from "src/avs/interfaces/IMachVerifier.sol";
import {Bitmap} from "src/avs/libraries/Bitmap.sol";
import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {IPausable} from "src/restaking/interfaces/IPausable.sol";
import {OperatorSet} from "src/restaking/interfaces/OperatorSet.sol";
import {BN254} from "src/restaking/libraries/BN254.sol";
import {Mach} from "../Mach.sol";

/// @notice Makes bitmaps of entries in memory.
contract Bitmaps {
    function of_(TableEntry[] calldata entries, uint32 depth) external pure returns (bytes memory) {
        return Bitmap.from(entries, depth);
    }
}

/// @notice IMachSlasher: evidence, conviction, slashing and bounties.
contract SlashTest is Mach {
    uint256 private constant N = 6;
    Bitmaps private bitmaps;
    Contradiction private content;
    Contradiction private parent;

    function setUp() public override {
        super.setUp();
        bitmaps = new Bitmaps();
        content.form = Form.CONTENT;
        parent.form = Form.PARENT;
        _startWith(N);
    }

    function _prove(uint256 i, Message memory a, Message memory b, Contradiction memory proof)
        private
        returns (bytes32)
    {
        (bytes32 first, bytes32 second) = (verifier.digestOf(a), verifier.digestOf(b));
        return slasher.proveBySignatures(
            _operatorAt(i), _g2Key(i), a, _signBN254(i, first), b, _signBN254(i, second), proof
        );
    }

    /// @dev Two blocks of one height whose places agree.
    function _pair() private view returns (Message memory a, Message memory b) {
        (a, b) = (_block(10, "a"), _block(10, "a"));
        b.core.blockHash = keccak256("other");
    }

    function _equivocate(uint256 i) private returns (bytes32) {
        (Message memory a, Message memory b) = _pair();
        return _prove(i, a, b, content);
    }

    function _sharesLeft(uint256 i) private view returns (uint256) {
        return dm.operatorShares(_operatorAt(i), strategy) + dm.operatorShares(_operatorAt(i), altStrategy);
    }

    function test_Equivocation_by_one_is_jailed_slashed_and_ejected() external {
        bytes32 faultId = _equivocate(0);
        vm.assertEq(slasher.convictedBy(_operatorAt(0)), faultId);
        vm.assertEq(_weight(0)[0], 0);
        slasher.slash(_one(_operatorAt(0)));
        vm.assertTrue(slasher.isSlashed(_operatorAt(0)));
        vm.assertEq(_sharesLeft(0), 0);
        vm.assertFalse(am.isMemberOfOperatorSet(_operatorAt(0), OperatorSet(avs, 0)));
        vm.assertEq(_sharesLeft(1), 2 * STAKE);
    }

    /// @dev Block 10, then block 11 on another fork: nobody signed one height twice.
    function test_Attack_two_height_fork() external {
        _prove(0, _block(10, "a"), _block(11, "b"), parent);
        slasher.slash(_one(_operatorAt(0)));
        vm.assertEq(_sharesLeft(0), 0);
    }

    function test_No_fault_no_conviction() external {
        Message memory a = _block(10, "a");
        _refused(a, a, content);
        _refused(a, _block(11, "a"), parent);
        // Released: the later base has settled the height.
        Message memory later = _block(11, "b");
        later.base.height = 10;
        _refused(a, later, parent);
        _refused(a, _block(11, "b"), content);
        vm.assertEq(slasher.convictedBy(_operatorAt(0)), bytes32(0));
    }

    function test_Attack_evidence_with_anothers_signature() external {
        (Message memory a, Message memory b) = _pair();
        (bytes32 first, bytes32 second) = (verifier.digestOf(a), verifier.digestOf(b));
        BN254.G1Point memory own = _signBN254(1, first);
        BN254.G1Point memory others = _signBN254(1, second);
        vm.expectRevert(IMachSlasher.InvalidSignature.selector);
        slasher.proveBySignatures(_operatorAt(0), _g2Key(0), a, own, b, others, content);
        own = _signBN254(0, first);
        vm.expectRevert(IMachSlasher.InvalidSignature.selector);
        slasher.proveBySignatures(_operatorAt(0), _g2Key(0), a, own, b, others, content);
        vm.expectRevert(abi.encodeWithSelector(IMachSlasher.UnknownOperator.selector, address(0xBAD)));
        slasher.proveBySignatures(address(0xBAD), _g2Key(0), a, own, b, others, content);
    }

    function test_Nobody_is_slashed_without_conviction() external {
        vm.expectRevert(abi.encodeWithSelector(IMachSlasher.UnknownOperator.selector, _operatorAt(1)));
        slasher.slash(_one(_operatorAt(1)));
        address[2] memory powers = [address(timelock), CREATOR];
        for (uint256 i; i < powers.length; ++i) {
            vm.startPrank(powers[i]);
            vm.expectRevert(IMachRegistrar.OnlySlasher.selector);
            mach.eject(_operatorAt(1));
            IAllocationManager.SlashingParams memory params = _slashing(_operatorAt(1), 0, 1e18);
            vm.expectRevert(IAllocationManager.InvalidCaller.selector);
            am.slashOperator(avs, params);
            vm.stopPrank();
        }
    }

    function test_Slashed_once_only() external {
        _equivocate(0);
        slasher.slash(_one(_operatorAt(0)));
        uint256 count = am.getSlashCount(OperatorSet(avs, 0));
        slasher.slash(_one(_operatorAt(0)));
        _prove(0, _block(10, "a"), _block(11, "b"), parent);
        slasher.slash(_one(_operatorAt(0)));
        vm.assertEq(am.getSlashCount(OperatorSet(avs, 0)), count);
    }

    function test_Evidence_is_recorded_while_the_core_is_paused_and_slashed_later() external {
        _pause(address(am), 6);
        _equivocate(0);
        vm.assertEq(_weight(0)[0], 0);
        slasher.slash(_one(_operatorAt(0)));
        vm.assertFalse(slasher.isSlashed(_operatorAt(0)));
        vm.prank(PAUSER);
        IPausable(address(am)).unpause(4);
        slasher.slash(_one(_operatorAt(0)));
        vm.assertTrue(slasher.isSlashed(_operatorAt(0)));
        vm.assertTrue(am.isMemberOfOperatorSet(_operatorAt(0), OperatorSet(avs, 0)));
        vm.prank(PAUSER);
        IPausable(address(am)).unpause(0);
        slasher.slash(_one(_operatorAt(0)));
        vm.assertFalse(am.isMemberOfOperatorSet(_operatorAt(0), OperatorSet(avs, 0)));
    }

    /// @dev What the slasher catches may have failed for want of gas, which the caller chooses: it loses nothing by it,
    ///      and the next call finishes.
    function test_Attack_slash_starved_of_gas() external {
        _equivocate(0);
        for (uint256 gas_ = 100_000; gas_ < 1_500_000; gas_ += 50_000) {
            (bool done,) = address(slasher).call{gas: gas_}(abi.encodeCall(slasher.slash, (_one(_operatorAt(0)))));
            done;
            vm.assertEq(slasher.isSlashed(_operatorAt(0)), _sharesLeft(0) == 0);
        }
        slasher.slash(_one(_operatorAt(0)));
        vm.assertTrue(slasher.isSlashed(_operatorAt(0)));
        vm.assertEq(_sharesLeft(0), 0);
        vm.assertFalse(am.isMemberOfOperatorSet(_operatorAt(0), OperatorSet(avs, 0)));
    }

    function test_Attack_leaving_to_escape_a_slash() external {
        _leaveService(0);
        _queueAll(0);
        _mine(EVIDENCE - 5);
        _equivocate(0);
        slasher.slash(_one(_operatorAt(0)));
        vm.assertTrue(slasher.isSlashed(_operatorAt(0)));
        (, uint256[][] memory queued) = dm.getQueuedWithdrawals(_operatorAt(0));
        vm.assertEq(queued[0][0], 0);
    }

    function test_Convicted_operator_cannot_come_back() external {
        _equivocate(0);
        _leaveService(0);
        _mine(am.DEALLOCATION_DELAY() + 1);
        vm.prank(_operatorAt(0));
        vm.expectRevert();
        am.registerForOperatorSets(_operatorAt(0), IAllocationManager.RegisterParams(avs, _ids(0), ""));
    }

    function test_Evidence_ends_with_its_window() external {
        (Message memory a, Message memory b) = _pair();
        uint256 last = table.epochBlock(header.epoch) + EVIDENCE;
        vm.roll(last + 1);
        _refusedWith(a, b, content, abi.encodeWithSelector(IMachSlasher.EvidenceTooOld.selector, last));
        vm.roll(last);
        _prove(0, a, b, content);
    }

    /// @dev Five of six sign 10, five of six sign 11 on another fork; only aggregates are published.
    function test_Attack_equivocation_shown_by_certificates_alone() external {
        (Certificate memory a, Certificate memory b) = _fork();
        bytes32 faultId = slasher.proveByCertificates(a, b, parent);
        IMachSlasher.PairRecord memory record = _record(a, b);
        for (uint256 page; page < 2; ++page) {
            IMachSlasher.PairSigner[] memory signers = new IMachSlasher.PairSigner[](2);
            for (uint256 i; i < 2; ++i) {
                TableEntry memory entry = a.absent[0];
                entry = entries[1 + 2 * page + i];
                signers[i] = IMachSlasher.PairSigner(entry, entry);
            }
            slasher.convict(faultId, record, signers);
        }
        address[] memory guilty = new address[](4);
        for (uint256 i; i < 4; ++i) guilty[i] = _operatorAt(i + 1);
        slasher.slash(guilty);
        for (uint256 i; i < 4; ++i) vm.assertEq(_sharesLeft(i + 1), 0);
        vm.assertEq(_sharesLeft(0), 2 * STAKE);
        vm.assertEq(_sharesLeft(5), 2 * STAKE);
        // (1 - d)/3 of six is 1.8; four are slashed.
    }

    function test_Attack_convicting_who_did_not_sign_both() external {
        (Certificate memory a, Certificate memory b) = _fork();
        bytes32 faultId = slasher.proveByCertificates(a, b, parent);
        IMachSlasher.PairRecord memory record = _record(a, b);
        uint256[2] memory innocent = [uint256(0), 5];
        for (uint256 i; i < 2; ++i) {
            IMachSlasher.PairSigner[] memory signers = new IMachSlasher.PairSigner[](1);
            signers[0] = IMachSlasher.PairSigner(entries[innocent[i]], entries[innocent[i]]);
            vm.expectRevert(
                abi.encodeWithSelector(IMachSlasher.NotASigner.selector, _operatorAt(innocent[i]))
            );
            slasher.convict(faultId, record, signers);
            signers[0] = IMachSlasher.PairSigner(entries[1], entries[innocent[i]]);
            vm.expectRevert(abi.encodeWithSelector(IMachSlasher.NotASigner.selector, _operatorAt(1)));
            slasher.convict(faultId, record, signers);
        }
        record.firstAbsent = new bytes(1);
        vm.expectRevert(abi.encodeWithSelector(IMachSlasher.WrongRecord.selector, faultId));
        slasher.convict(faultId, record, new IMachSlasher.PairSigner[](0));
        vm.expectRevert(abi.encodeWithSelector(IMachSlasher.UnknownFault.selector, bytes32("x")));
        slasher.convict(bytes32("x"), record, new IMachSlasher.PairSigner[](0));
    }

    function test_Attack_pair_with_a_forged_certificate() external {
        (Certificate memory a, Certificate memory b) = _fork();
        b.message.core.outputRoot = keccak256("x");
        vm.expectRevert(IMachVerifier.InvalidSignature.selector);
        slasher.proveByCertificates(a, b, parent);
    }

    function test_Fixed_bounty_goes_to_the_earliest_commitment() external {
        _fund(2 * BOUNTY);
        bytes32 faultId = _faultId(0);
        _commitAs(address(0xB1), faultId);
        _mine(1);
        _commitAs(address(0xB2), faultId);
        _mine(1);
        _equivocate(0);
        _commitAs(address(0xB3), faultId);
        vm.prank(address(0xB2));
        slasher.claimBounty(faultId, "salt");
        vm.prank(address(0xB1));
        slasher.claimBounty(faultId, "salt");
        vm.prank(address(0xB2));
        vm.expectRevert(IMachSlasher.NotCommittedInTime.selector);
        slasher.claimBounty(faultId, "salt");
        // Who saw the evidence in the mempool committed too late.
        vm.prank(address(0xB3));
        vm.expectRevert(IMachSlasher.NotCommittedInTime.selector);
        slasher.claimBounty(faultId, "salt");

        uint256 last = block.number + 10;
        vm.expectRevert(abi.encodeWithSelector(IMachSlasher.ClaimsOpenUntil.selector, last));
        slasher.payBounty(faultId);
        vm.roll(last + 1);
        vm.expectRevert(IMachSlasher.NothingToPay.selector);
        slasher.payBounty(faultId);
        slasher.slash(_one(_operatorAt(0)));
        slasher.payBounty(faultId);
        vm.assertEq(alt.balanceOf(address(0xB1)), BOUNTY);
        vm.expectRevert(IMachSlasher.NothingToPay.selector);
        slasher.payBounty(faultId);
    }

    /// @dev Reporting oneself costs all stake and pays a fixed amount, and that once in a period however many do it.
    function test_Attack_self_reporting_for_the_bounty() external {
        _fund(10 * BOUNTY);
        bytes32[2] memory faults = [_faultId(0), _faultId(1)];
        for (uint256 i; i < 2; ++i) _commitAs(_operatorAt(i), faults[i]);
        _mine(1);
        for (uint256 i; i < 2; ++i) {
            _equivocate(i);
            vm.prank(_operatorAt(i));
            slasher.claimBounty(faults[i], "salt");
            slasher.slash(_one(_operatorAt(i)));
        }
        _mine(11);
        slasher.payBounty(faults[0]);
        vm.expectRevert(IMachSlasher.NothingToPay.selector);
        slasher.payBounty(faults[1]);
        vm.assertEq(alt.balanceOf(_operatorAt(0)), BOUNTY);
        vm.assertLt(BOUNTY, 2 * STAKE);
        vm.assertEq(_sharesLeft(0), 0);
    }

    /// @dev Whatever two messages say, a chain's own blocks convict nobody.
    function testFuzz_No_slash_without_a_contradiction(uint8 height, uint8 form, bytes32 noise) external {
        height = uint8(_bound(height, 9, 200));
        Contradiction memory proof;
        proof.form = Form(_bound(form, 0, 5));
        proof.inner = Form(_bound(uint256(noise), 0, 5));
        proof.inclusion = new bytes32[](1);
        proof.inclusion[0] = noise;
        proof.prefix = new bytes32[](2);
        proof.past = _block(height, "a").core;
        Message memory high = _block(uint64(height) + 1 + uint64(uint256(noise) % 2), "a");
        _refused(_block(height, "a"), high, proof);
    }

    TableEntry[] private entries;

    function _fork() private returns (Certificate memory a, Certificate memory b) {
        for (uint256 i; i < N; ++i) {
            TableEntry memory entry = _entry(i);
            TableEntry storage kept = entries.push();
            (kept.index, kept.operator, kept.key) = (entry.index, entry.operator, entry.key);
            (kept.weights, kept.path) = (entry.weights, entry.path);
        }
        a = _certify(_block(10, "a"), N, _one(uint256(0)));
        b = _certify(_block(11, "b"), N, _one(uint256(5)));
        verifier.verify(a);
        verifier.verify(b);
    }

    function _record(Certificate memory a, Certificate memory b)
        private
        view
        returns (IMachSlasher.PairRecord memory)
    {
        return IMachSlasher.PairRecord(
            a.table.root,
            b.table.root,
            a.table.depth,
            b.table.depth,
            bitmaps.of_(a.absent, a.table.depth),
            bitmaps.of_(b.absent, b.table.depth)
        );
    }

    function _faultId(uint256 i) private view returns (bytes32) {
        (Message memory a, Message memory b) = _pair();
        return slasher.faultIdOf(_operatorAt(i), verifier.digestOf(a), verifier.digestOf(b));
    }

    function _commitAs(address reporter, bytes32 faultId) private {
        vm.prank(reporter);
        slasher.commitBounty(keccak256(abi.encode(faultId, reporter, bytes32("salt"))));
    }

    function _fund(uint256 amount) private {
        alt.approve(address(slasher), amount);
        slasher.fundBounties(amount);
    }

    function _queueAll(uint256 i) private {
        uint256 held = sm.stakerDepositShares(_operatorAt(i), strategy);
        _queue(_operatorAt(i), held);
    }

    function _refused(Message memory a, Message memory b, Contradiction memory proof) private {
        try this.proveAs(0, a, b, proof) {
            vm.assertTrue(false, "convicted");
        } catch {}
    }

    function proveAs(uint256 i, Message memory a, Message memory b, Contradiction memory proof) external {
        _prove(i, a, b, proof);
    }

    function _refusedWith(Message memory a, Message memory b, Contradiction memory proof, bytes memory reason)
        private
    {
        try this.proveAs(0, a, b, proof) {
            vm.assertTrue(false, "convicted");
        } catch (bytes memory actual) {
            vm.assertEq(actual, reason);
        }
    }
}
