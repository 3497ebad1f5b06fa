// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAllocationManager as AM} from "src/restaking/interfaces/IAllocationManager.sol";
import {IAVSRegistrar} from "src/restaking/interfaces/IAVSRegistrar.sol";
import {IDelegationManager as DM} from "src/restaking/interfaces/IDelegationManager.sol";
import {IKeyRegistrar as KR} from "src/restaking/interfaces/IKeyRegistrar.sol";
import {IPausable} from "src/restaking/interfaces/IPausable.sol";
import {IPermissionController as PC} from "src/restaking/interfaces/IPermissionController.sol";
import {IRewardsCoordinator as RC} from "src/restaking/interfaces/IRewardsCoordinator.sol";
import {IStrategy} from "src/restaking/interfaces/IStrategy.sol";
import {IStrategyFactory} from "src/restaking/interfaces/IStrategyFactory.sol";
import {IStrategyManager as SM} from "src/restaking/interfaces/IStrategyManager.sol";
import {OperatorSet, OperatorSetLib} from "src/restaking/interfaces/OperatorSet.sol";
import {TestBase} from "../Vm.sol";

/// @notice Our interfaces against the selectors and event signatures of EigenLayer's core v1.12.0. The literals are
///         facts about that core; a mistyped type or field order in an interface shows here.
contract SelectorsTest is TestBase {
    function _is(bytes4 actual, uint32 expected) private pure {
        vm.assertEq(bytes32(actual), bytes32(bytes4(expected)));
    }

    function test_AllocationManager_calls() external pure {
        _is(AM.updateAVSMetadataURI.selector, 0xa9821821);
        _is(AM.setAVSRegistrar.selector, 0xd3d96ff4);
        _is(bytes4(keccak256("createOperatorSets(address,(uint32,address[],address)[])")), 0x3dff8e7d);
        _is(bytes4(keccak256("createOperatorSets(address,(uint32,address[])[])")), 0x261f84e0);
        _is(
            bytes4(keccak256("createRedistributingOperatorSets(address,(uint32,address[],address)[],address[])")),
            0xd1a83f54
        );
        _is(bytes4(keccak256("createRedistributingOperatorSets(address,(uint32,address[])[],address[])")), 0x32a879e4);
        _is(AM.addStrategiesToOperatorSet.selector, 0x50feea20);
        _is(AM.removeStrategiesFromOperatorSet.selector, 0xb66bd989);
        _is(AM.updateSlasher.selector, 0x6c9d7c58);
        _is(AM.migrateSlashers.selector, 0x957dc50b);
        _is(AM.registerForOperatorSets.selector, 0xadc2e3d9);
        _is(AM.deregisterFromOperatorSets.selector, 0x6e3492b5);
        _is(AM.modifyAllocations.selector, 0x952899ee);
        _is(AM.clearDeallocationQueue.selector, 0x4b5046ef);
        _is(AM.setAllocationDelay.selector, 0x56c483e6);
        _is(AM.slashOperator.selector, 0x36352057);
    }

    function test_AllocationManager_views() external pure {
        _is(AM.isOperatorSet.selector, 0x260dc758);
        _is(AM.isMemberOfOperatorSet.selector, 0x670d3ba2);
        _is(AM.isOperatorSlashable.selector, 0x1352c3e6);
        _is(AM.getMembers.selector, 0x6e875dba);
        _is(AM.getMemberCount.selector, 0xb2447af7);
        _is(AM.getStrategiesInOperatorSet.selector, 0x4177a87c);
        _is(AM.getRegisteredSets.selector, 0x79ae50cd);
        _is(AM.getAllocatedSets.selector, 0x15fe5028);
        _is(AM.getAllocatedStrategies.selector, 0xc221d8ae);
        _is(AM.getAllocation.selector, 0x10e1b9b8);
        _is(AM.getAllocations.selector, 0x8ce64854);
        _is(AM.getStrategyAllocations.selector, 0x40120dab);
        _is(AM.getAllocatableMagnitude.selector, 0x6cfb4481);
        _is(AM.getEncumberedMagnitude.selector, 0xf605ce08);
        _is(AM.getMaxMagnitude.selector, 0xa9333ec8);
        _is(bytes4(keccak256("getMaxMagnitudes(address,address[])")), 0x547afb87);
        _is(bytes4(keccak256("getMaxMagnitudes(address[],address)")), 0x4a10ffe5);
        _is(AM.getMaxMagnitudesAtBlock.selector, 0x94d7d00c);
        _is(AM.getAllocationDelay.selector, 0xb9fbaed1);
        _is(AM.getMinimumSlashableStake.selector, 0x2bab2c4a);
        _is(AM.getAllocatedStake.selector, 0x2b453a9a);
        _is(AM.getSlasher.selector, 0xd4a3fcce);
        _is(AM.getPendingSlasher.selector, 0xd7794857);
        _is(AM.getRedistributionRecipient.selector, 0x0f3df50e);
        _is(AM.isRedistributingOperatorSet.selector, 0xf231bd08);
        _is(AM.isOperatorRedistributable.selector, 0xdc2af692);
        _is(AM.getSlashCount.selector, 0x4cfd2939);
        _is(AM.getOperatorSetCount.selector, 0xba1a84e5);
        _is(AM.getAVSRegistrar.selector, 0x304c10cd);
        _is(AM.DEALLOCATION_DELAY.selector, 0x2981eb77);
        _is(AM.ALLOCATION_CONFIGURATION_DELAY.selector, 0x7bc1ef61);
        _is(AM.SLASHER_CONFIGURATION_DELAY.selector, 0x67aeaa53);
        _is(AM.delegation.selector, 0xdf5cf723);
        _is(AM.eigenStrategy.selector, 0xdb4df761);
        _is(AM.permissionController.selector, 0x4657e26a);
    }

    function test_DelegationManager() external pure {
        _is(DM.registerAsOperator.selector, 0x2aa6d888);
        _is(DM.modifyOperatorDetails.selector, 0x54b7c96c);
        _is(DM.updateOperatorMetadataURI.selector, 0x78296ec5);
        _is(DM.delegateTo.selector, 0xeea9064b);
        _is(DM.undelegate.selector, 0xda8be864);
        _is(DM.redelegate.selector, 0xa33a3433);
        _is(DM.queueWithdrawals.selector, 0x0dd8dd02);
        _is(DM.completeQueuedWithdrawal.selector, 0xe4cc3f90);
        _is(DM.completeQueuedWithdrawals.selector, 0x9435bb43);
        _is(DM.isOperator.selector, 0x6d70f7ae);
        _is(DM.isDelegated.selector, 0x3e28391d);
        _is(DM.delegatedTo.selector, 0x65da1264);
        _is(DM.operatorShares.selector, 0x778e55f3);
        _is(DM.getOperatorShares.selector, 0x90041347);
        _is(DM.getOperatorsShares.selector, 0xf0e0e676);
        _is(DM.getWithdrawableShares.selector, 0xc978f7ac);
        _is(DM.getDepositedShares.selector, 0x66d5ba93);
        _is(DM.getQueuedWithdrawal.selector, 0x5d975e88);
        _is(DM.getQueuedWithdrawals.selector, 0x5dd68579);
        _is(DM.getQueuedWithdrawalRoots.selector, 0xfd8aa88d);
        _is(DM.getSlashableSharesInQueue.selector, 0x6e174448);
        _is(DM.convertToDepositShares.selector, 0x25df922e);
        _is(DM.depositScalingFactor.selector, 0xbfae3fd2);
        _is(DM.minWithdrawalDelayBlocks.selector, 0xc448feb8);
        _is(DM.calculateWithdrawalRoot.selector, 0x597b36da);
        _is(DM.calculateDelegationApprovalDigestHash.selector, 0x0b9f487a);
        _is(DM.increaseDelegatedShares.selector, 0x3c651cf2);
        _is(DM.slashOperatorShares.selector, 0x5ae679a7);
    }

    function test_StrategyManager_and_strategies() external pure {
        _is(SM.depositIntoStrategy.selector, 0xe7a050aa);
        _is(SM.depositIntoStrategyWithSignature.selector, 0x32e89ace);
        _is(SM.getDeposits.selector, 0x94f649dd);
        _is(SM.stakerDepositShares.selector, 0xfe243a17);
        _is(SM.strategyIsWhitelistedForDeposit.selector, 0x663c1de4);
        _is(SM.addStrategiesToDepositWhitelist.selector, 0x5de08ff2);
        _is(SM.removeStrategiesFromDepositWhitelist.selector, 0xb5d8b5b8);
        _is(SM.clearBurnOrRedistributableShares.selector, 0x88c10299);
        _is(SM.clearBurnOrRedistributableSharesByStrategy.selector, 0x2d44def6);
        _is(bytes4(keccak256("getBurnOrRedistributableShares((address,uint32),uint256)")), 0x31f8fb4c);
        _is(bytes4(keccak256("getBurnOrRedistributableShares((address,uint32),uint256,address)")), 0x76fb162b);
        _is(SM.getBurnOrRedistributableCount.selector, 0x829fca73);
        _is(SM.getPendingOperatorSets.selector, 0x3f292b08);
        _is(SM.getPendingSlashIds.selector, 0x7def1564);
        _is(IStrategyFactory.deployNewStrategy.selector, 0x6b9b6229);
        _is(IStrategyFactory.deployedStrategies.selector, 0x581dfd65);
        _is(IStrategy.deposit.selector, 0x47e7ef24);
        _is(IStrategy.withdraw.selector, 0xd9caed12);
        _is(IStrategy.beforeAddShares.selector, 0x73e3c280);
        _is(IStrategy.beforeRemoveShares.selector, 0x03e3e6eb);
        _is(IStrategy.sharesToUnderlying.selector, 0xf3e73875);
        _is(IStrategy.sharesToUnderlyingView.selector, 0x7a8b2637);
        _is(IStrategy.underlyingToShares.selector, 0x8c871019);
        _is(IStrategy.underlyingToSharesView.selector, 0xe3dae51c);
        _is(IStrategy.underlyingToken.selector, 0x2495a599);
        _is(IStrategy.totalShares.selector, 0x3a98ef39);
    }

    function test_Permissions_pausing_keys_and_rewards() external pure {
        _is(PC.addPendingAdmin.selector, 0xeb5a4e87);
        _is(PC.acceptAdmin.selector, 0x628806ef);
        _is(PC.removeAdmin.selector, 0x268959e5);
        _is(PC.setAppointee.selector, 0x950d806e);
        _is(PC.removeAppointee.selector, 0x06641201);
        _is(PC.canCall.selector, 0xdf595cb8);
        _is(PC.isAdmin.selector, 0x91006745);
        _is(PC.getAppointees.selector, 0xfddbdefd);
        _is(PC.getAppointeePermissions.selector, 0x882a3b38);
        _is(bytes4(keccak256("paused()")), 0x5c975abb);
        _is(bytes4(keccak256("paused(uint8)")), 0x5ac86ab7);
        _is(KR.configureOperatorSet.selector, 0xea0d8149);
        _is(KR.registerKey.selector, 0xd40cda16);
        _is(KR.deregisterKey.selector, 0x87ab86f4);
        _is(KR.getBN254Key.selector, 0x9a43e3fb);
        _is(KR.getECDSAAddress.selector, 0x3b32a7bd);
        _is(KR.isRegistered.selector, 0xbd30a0b9);
        _is(KR.getOperatorSetCurveType.selector, 0x7cffe48c);
        _is(KR.getOperatorFromSigningKey.selector, 0x8256909c);
        _is(KR.getKeyHash.selector, 0xea194e2e);
        _is(KR.isKeyGloballyRegistered.selector, 0xdab42d7e);
        _is(KR.encodeBN254KeyData.selector, 0x50435add);
        _is(KR.getBN254KeyRegistrationMessageHash.selector, 0x7690e395);
        _is(KR.getECDSAKeyRegistrationMessageHash.selector, 0xd9f12db2);
        _is(RC.createOperatorDirectedOperatorSetRewardsSubmission.selector, 0x0ca29899);
        _is(RC.createUniqueStakeRewardsSubmission.selector, 0x7ae30583);
        _is(RC.createTotalStakeRewardsSubmission.selector, 0x8cb0ae1b);
        _is(RC.setOperatorSetSplit.selector, 0xf74e8eac);
        _is(RC.submitRoot.selector, 0x3efe1db6);
        _is(RC.processClaim.selector, 0x3ccc861d);
        _is(bytes4(keccak256("setClaimerFor(address)")), 0xa0169ddd);
        _is(bytes4(keccak256("setClaimerFor(address,address)")), 0xf22cef85);
    }

    function test_Topics_of_AllocationManager() external pure {
        string memory set = "(address,uint32)";
        _topic(AM.AVSMetadataURIUpdated.selector, "AVSMetadataURIUpdated(address,string)");
        _topic(AM.AVSRegistrarSet.selector, "AVSRegistrarSet(address,address)");
        _topic(AM.OperatorSetCreated.selector, string.concat("OperatorSetCreated(", set, ")"));
        _topic(AM.RedistributionAddressSet.selector, string.concat("RedistributionAddressSet(", set, ",address)"));
        _topic(AM.StrategyAddedToOperatorSet.selector, string.concat("StrategyAddedToOperatorSet(", set, ",address)"));
        _topic(
            AM.StrategyRemovedFromOperatorSet.selector,
            string.concat("StrategyRemovedFromOperatorSet(", set, ",address)")
        );
        _topic(AM.SlasherUpdated.selector, string.concat("SlasherUpdated(", set, ",address,uint32)"));
        _topic(AM.SlasherMigrated.selector, string.concat("SlasherMigrated(", set, ",address)"));
        _topic(AM.OperatorAddedToOperatorSet.selector, string.concat("OperatorAddedToOperatorSet(address,", set, ")"));
        _topic(
            AM.OperatorRemovedFromOperatorSet.selector,
            string.concat("OperatorRemovedFromOperatorSet(address,", set, ")")
        );
        _topic(AM.AllocationDelaySet.selector, "AllocationDelaySet(address,uint32,uint32)");
        _topic(
            AM.AllocationUpdated.selector, string.concat("AllocationUpdated(address,", set, ",address,uint64,uint32)")
        );
        _topic(AM.EncumberedMagnitudeUpdated.selector, "EncumberedMagnitudeUpdated(address,address,uint64)");
        _topic(AM.MaxMagnitudeUpdated.selector, "MaxMagnitudeUpdated(address,address,uint64)");
        _topic(
            AM.OperatorSlashed.selector, string.concat("OperatorSlashed(address,", set, ",address[],uint256[],string)")
        );
    }

    function test_Topics_of_the_others() external pure {
        string memory withdrawal = "(address,address,address,uint256,uint32,address[],uint256[])";
        _topic(DM.OperatorRegistered.selector, "OperatorRegistered(address,address)");
        _topic(DM.OperatorMetadataURIUpdated.selector, "OperatorMetadataURIUpdated(address,string)");
        _topic(DM.StakerDelegated.selector, "StakerDelegated(address,address)");
        _topic(DM.StakerUndelegated.selector, "StakerUndelegated(address,address)");
        _topic(DM.StakerForceUndelegated.selector, "StakerForceUndelegated(address,address)");
        _topic(DM.OperatorSharesIncreased.selector, "OperatorSharesIncreased(address,address,address,uint256)");
        _topic(DM.OperatorSharesDecreased.selector, "OperatorSharesDecreased(address,address,address,uint256)");
        _topic(DM.OperatorSharesSlashed.selector, "OperatorSharesSlashed(address,address,uint256)");
        _topic(DM.DepositScalingFactorUpdated.selector, "DepositScalingFactorUpdated(address,address,uint256)");
        _topic(
            DM.SlashingWithdrawalQueued.selector,
            string.concat("SlashingWithdrawalQueued(bytes32,", withdrawal, ",uint256[])")
        );
        _topic(DM.SlashingWithdrawalCompleted.selector, "SlashingWithdrawalCompleted(bytes32)");
        _topic(SM.Deposit.selector, "Deposit(address,address,uint256)");
        _topic(
            SM.BurnOrRedistributableSharesIncreased.selector,
            "BurnOrRedistributableSharesIncreased((address,uint32),uint256,address,uint256)"
        );
        _topic(SM.StrategyAddedToDepositWhitelist.selector, "StrategyAddedToDepositWhitelist(address)");
        _topic(IStrategy.ExchangeRateEmitted.selector, "ExchangeRateEmitted(uint256)");
        _topic(IStrategy.StrategyTokenSet.selector, "StrategyTokenSet(address,uint8)");
        _topic(KR.KeyRegistered.selector, "KeyRegistered((address,uint32),address,uint8,bytes)");
        _topic(KR.OperatorSetConfigured.selector, "OperatorSetConfigured((address,uint32),uint8)");
        _topic(IPausable.Paused.selector, "Paused(address,uint256)");
    }

    function test_Registrar_callbacks_and_set_key() external pure {
        _is(IAVSRegistrar.registerOperator.selector, uint32(bytes4(keccak256("registerOperator(address,address,uint32[],bytes)"))));
        _is(IAVSRegistrar.deregisterOperator.selector, uint32(bytes4(keccak256("deregisterOperator(address,address,uint32[])"))));
        _is(IAVSRegistrar.supportsAVS.selector, uint32(bytes4(keccak256("supportsAVS(address)"))));
        OperatorSet memory set = OperatorSet(address(0x1111111111111111111111111111111111111111), 7);
        bytes32 key = OperatorSetLib.key(set);
        vm.assertEq(key, 0x1111111111111111111111111111111111111111000000000000000000000007);
        vm.assertEq(OperatorSetLib.decode(key).avs, set.avs);
        vm.assertEq(OperatorSetLib.decode(key).id, 7);
    }

    function _topic(bytes32 actual, string memory signature) private pure {
        vm.assertEq(actual, keccak256(bytes(signature)), signature);
    }
}
