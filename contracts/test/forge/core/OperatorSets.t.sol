// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {Core} from "../Core.sol";

/// @notice createOperatorSets, createRedistributingOperatorSets, strategies of a set, updateSlasher, setAVSRegistrar.
contract OperatorSetsTest is Core {
    address private constant BURN = 0x00000000000000000000000000000000000E16E4;
    address private constant BEACON_ETH = 0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0;

    function setUp() public override {
        super.setUp();
        _announce();
    }

    function test_Recipient_is_the_burn_address_or_the_one_given() external {
        _createSet(1, address(0));
        _createSet(2, address(0xCAFE));
        vm.assertEq(am.getRedistributionRecipient(_set(1)), BURN);
        vm.assertEq(am.getRedistributionRecipient(_set(2)), address(0xCAFE));
        vm.assertFalse(am.isRedistributingOperatorSet(_set(1)));
        vm.assertTrue(am.isRedistributingOperatorSet(_set(2)));
    }

    function test_Redistribution_is_refused_to_nobody_and_to_the_burn_address_and_of_beacon_ether() external {
        _refused(_one(strategy), address(0), IAllocationManager.InputAddressZero.selector);
        _refused(_one(strategy), BURN, IAllocationManager.InvalidRedistributionRecipient.selector);
        _refused(_one(BEACON_ETH), address(0xCAFE), IAllocationManager.InvalidStrategy.selector);
        _createSet(3, _one(BEACON_ETH), address(0));
    }

    function test_Strategies_are_added_and_removed_at_once() external {
        _createSet(1, address(0));
        _registerOperator(operator, 0);
        _deposit(operator, 1000);
        _join(operator, 1);
        _allocate(operator, 1, 1e18);
        vm.prank(avs);
        am.removeStrategiesFromOperatorSet(avs, 1, _one(strategy));
        IAllocationManager.SlashingParams memory params = _slashing(operator, 1, 1e18);
        vm.expectRevert(IAllocationManager.StrategyNotInOperatorSet.selector);
        am.slashOperator(avs, params);
        vm.prank(avs);
        am.addStrategiesToOperatorSet(avs, 1, _one(strategy));
        am.slashOperator(avs, params);
        vm.prank(avs);
        vm.expectRevert(IAllocationManager.StrategyAlreadyInOperatorSet.selector);
        am.addStrategiesToOperatorSet(avs, 1, _one(strategy));
    }

    function test_Only_the_avs_configures() external {
        vm.expectRevert(IAllocationManager.InvalidPermissions.selector);
        am.updateAVSMetadataURI(avs, "x");
        vm.expectRevert(IAllocationManager.InvalidPermissions.selector);
        am.addStrategiesToOperatorSet(avs, 1, _one(strategy));
    }

    function test_Slasher_changes_after_its_delay() external {
        _createSet(1, address(0));
        vm.prank(avs);
        am.updateSlasher(_set(1), address(0x51A));
        (address pending, uint32 effectBlock) = am.getPendingSlasher(_set(1));
        vm.assertEq(pending, address(0x51A));
        vm.assertEq(effectBlock, block.number + am.SLASHER_CONFIGURATION_DELAY() + 1);
        _mine(am.SLASHER_CONFIGURATION_DELAY());
        vm.assertEq(am.getSlasher(_set(1)), address(this));
        _mine(1);
        vm.assertEq(am.getSlasher(_set(1)), address(0x51A));
        (pending,) = am.getPendingSlasher(_set(1));
        vm.assertEq(pending, address(0));
    }

    function test_Avs_without_registrar_is_its_own() external view {
        vm.assertEq(am.getAVSRegistrar(avs), address(registrar));
        vm.assertEq(am.getAVSRegistrar(address(0x77)), address(0x77));
    }

    function _refused(address[] memory strategies, address recipient, bytes4 reason) private {
        IAllocationManager.CreateSetParamsV2[] memory params = new IAllocationManager.CreateSetParamsV2[](1);
        params[0] = IAllocationManager.CreateSetParamsV2(9, strategies, address(this));
        vm.prank(avs);
        vm.expectRevert(reason);
        am.createRedistributingOperatorSets(avs, params, _one(recipient));
    }
}
