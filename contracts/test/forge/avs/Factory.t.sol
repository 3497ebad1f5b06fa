// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAvsFactory} from "src/avs/interfaces/IAvsFactory.sol";
import {IOperatorTable} from "src/avs/interfaces/IOperatorTable.sol";
import {MachRegistrar} from "src/avs/MachRegistrar.sol";
import {IKeyRegistrar} from "src/restaking/interfaces/IKeyRegistrar.sol";
import {OperatorSet} from "src/restaking/interfaces/OperatorSet.sol";
import {Mach} from "../Mach.sol";

contract FactoryTest is Mach {
    function test_Suite_is_announced_to_the_core() external view {
        OperatorSet memory set = OperatorSet(avs, 0);
        vm.assertTrue(am.isOperatorSet(set));
        vm.assertEq(am.getSlasher(set), suite.slasher);
        vm.assertEq(am.getAVSRegistrar(avs), avs);
        vm.assertEq(am.getStrategiesInOperatorSet(set).length, 2);
        vm.assertTrue(kr.getOperatorSetCurveType(set) == IKeyRegistrar.CurveType.BN254);
        vm.assertTrue(mach.slashableInTime());
        // Horizon 92: what the core vouches for less that is what a refresh is good for.
        vm.assertEq(table.life(), 199 - 92);
        vm.assertEq(mach.creator(), CREATOR);
        vm.assertEq(pc.getAdmins(avs)[0], avs);
    }

    function test_Address_depends_on_the_creator() external {
        IAvsFactory.CreateParams memory params = _params();
        params.salt = "x";
        address predicted = suites.predictRegistrar(address(0xE71), suite.rollupId, "x");
        vm.assertTrue(predicted != suites.predictRegistrar(CREATOR, suite.rollupId, "x"));
        vm.prank(address(0xE71));
        vm.assertEq(suites.create(params).registrar, predicted);
        vm.prank(address(0xE71));
        vm.expectRevert();
        suites.create(params);
    }

    function test_Only_what_works_is_offered() external {
        IAvsFactory.CreateParams memory params = _params();
        params.services[0] = 2;
        _refused(params, abi.encodeWithSelector(IAvsFactory.ServiceNotOffered.selector, 2));
        params.services = new uint8[](2);
        params.services[0] = params.services[1] = 1;
        _refused(params, abi.encodeWithSelector(IAvsFactory.ServiceNotOffered.selector, 1));
        params.services = new uint8[](0);
        _refused(params, abi.encodeWithSelector(IAvsFactory.NoService.selector));
    }

    function test_Horizon_beyond_the_cores_delay_needs_a_word() external {
        IAvsFactory.CreateParams memory params = _params();
        params.mach.windows.evidenceWindow = 132;
        _refused(params, abi.encodeWithSelector(IAvsFactory.DeallocationDelayTooShort.selector, 200, 201));
        params.mach.windows.evidenceWindow = 131;
        vm.assertTrue(MachRegistrar(_another(params, "a").registrar).slashableInTime());
        params.mach.windows.evidenceWindow = 500;
        params.mach.allowShortDelay = true;
        vm.assertFalse(MachRegistrar(_another(params, "b").registrar).slashableInTime());
    }

    function test_Refuses_bad_parameters() external {
        IAvsFactory.CreateParams memory params = _params();
        params.mach.slashWad = 1e18 + 1;
        _refused(params, abi.encodeWithSelector(IAvsFactory.BadParameters.selector));
        params = _params();
        params.mach.windows.epochLength = 0;
        _refused(params, abi.encodeWithSelector(IAvsFactory.BadParameters.selector));
        params = _params();
        params.timelock = address(0xE0A);
        _refused(params, abi.encodeWithSelector(IAvsFactory.BadTimelock.selector, address(0xE0A), 0));
        params = _params();
        params.mach.strategies[0].class = params.mach.strategies[1].class = 0;
        _refused(params, abi.encodeWithSelector(IOperatorTable.BadStrategies.selector));
        params = _params();
        (params.mach.strategies[0], params.mach.strategies[1]) =
            (params.mach.strategies[1], params.mach.strategies[0]);
        _refused(params, abi.encodeWithSelector(IOperatorTable.BadStrategies.selector));
        params = _params();
        params.mach.strategies[1].strategy = address(type(uint160).max);
        _refused(
            params,
            abi.encodeWithSelector(IAvsFactory.StrategyNotWhitelisted.selector, address(type(uint160).max))
        );
    }

    function test_Only_the_rollups_owner_nominates() external {
        IAvsFactory.Rollup memory rollup = _rollup();
        vm.expectRevert(
            abi.encodeWithSelector(IAvsFactory.OnlySystemConfigOwner.selector, systemConfig.owner())
        );
        suites.nominate(rollup, avs);
        vm.startPrank(systemConfig.owner());
        suites.nominate(rollup, avs);
        vm.assertEq(suites.canonical(suite.rollupId), avs);
        vm.expectRevert(abi.encodeWithSelector(IAvsFactory.UnknownSuite.selector, address(7)));
        suites.nominate(rollup, address(7));
        rollup.l2ChainId = 902;
        vm.expectRevert(abi.encodeWithSelector(IAvsFactory.UnknownSuite.selector, avs));
        suites.nominate(rollup, avs);
    }

    function test_Clones_and_implementations_are_initialised_once() external {
        MachRegistrar.Suite memory empty;
        vm.expectRevert();
        MachRegistrar(avs).initialize(empty, new address[](0), "");
        MachRegistrar implementation = new MachRegistrar(address(am), address(kr), address(rc));
        vm.expectRevert();
        implementation.initialize(empty, new address[](0), "");
    }

    function _refused(IAvsFactory.CreateParams memory params, bytes memory reason) private {
        params.salt = "refused";
        vm.expectRevert(reason);
        suites.create(params);
    }
}
