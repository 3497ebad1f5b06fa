// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AllocationManager} from "src/restaking/AllocationManager.sol";
import {AllocationManagerStorage} from "src/restaking/AllocationManagerStorage.sol";
import {AllocationManagerView} from "src/restaking/AllocationManagerView.sol";
import {DelegationManager} from "src/restaking/DelegationManager.sol";
import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {IAVSRegistrar} from "src/restaking/interfaces/IAVSRegistrar.sol";
import {IDelegationManager} from "src/restaking/interfaces/IDelegationManager.sol";
import {IKeyRegistrar} from "src/restaking/interfaces/IKeyRegistrar.sol";
import {IPausable} from "src/restaking/interfaces/IPausable.sol";
import {IPermissionController} from "src/restaking/interfaces/IPermissionController.sol";
import {IRewardsCoordinator} from "src/restaking/interfaces/IRewardsCoordinator.sol";
import {IStrategyFactory} from "src/restaking/interfaces/IStrategyFactory.sol";
import {IStrategyManager} from "src/restaking/interfaces/IStrategyManager.sol";
import {OperatorSet} from "src/restaking/interfaces/OperatorSet.sol";
import {KeyRegistrar} from "src/restaking/KeyRegistrar.sol";
import {PermissionController} from "src/restaking/PermissionController.sol";
import {RewardsCoordinator} from "src/restaking/RewardsCoordinator.sol";
import {StrategyFactory} from "src/restaking/StrategyFactory.sol";
import {StrategyManager} from "src/restaking/StrategyManager.sol";
import {Keys} from "./Keys.sol";
import {TestToken} from "./Tokens.sol";

/// @notice Answers for any AVS; refuses on demand.
contract TestRegistrar is IAVSRegistrar {
    bool public refuses;

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function registerOperator(address, address, uint32[] calldata, bytes calldata) external view {
        require(!refuses, "refused");
    }

    function deregisterOperator(address, address, uint32[] calldata) external view {
        require(!refuses, "refused");
    }

    function supportsAVS(address) external pure returns (bool) {
        return true;
    }
}

/// @notice A restaking core: our own, freshly deployed, or the one whose addresses stand in the JSON file named by
///         RESTAKING_CORE (with forge's --fork-url, EigenLayer's). Tests ask it for its delays and assume none.
abstract contract Core is Keys {
    uint32 internal constant DEALLOCATION = 50;
    uint32 internal constant ALLOCATION_CONFIGURATION = 75;
    uint32 internal constant SLASHER_CONFIGURATION = 75;
    uint32 internal constant INTERVAL = 60;
    address internal constant PAUSER = address(0xAA);
    address internal constant UPDATER = address(0xAB);

    IAllocationManager internal am;
    IDelegationManager internal dm;
    IStrategyManager internal sm;
    IStrategyFactory internal factory;
    IPermissionController internal pc;
    IKeyRegistrar internal kr;
    IRewardsCoordinator internal rc;
    bool internal ours;

    TestToken internal token;
    address internal strategy;
    TestRegistrar internal registrar;
    address internal avs = address(0xA5);
    address internal operator = address(0x0A);
    address internal staker = address(0x57);

    function setUp() public virtual {
        string memory file = vm.envOr("RESTAKING_CORE", "");
        if (bytes(file).length > 0) _attach(vm.readFile(file));
        else _deploy(0, _deallocationDelay());
        // The real core cannot slash on a chain younger than its delay.
        _mine(am.DEALLOCATION_DELAY() + 2);
        registrar = new TestRegistrar();
        (token, strategy) = _newStrategy();
    }

    function _deallocationDelay() internal pure virtual returns (uint32) {
        return DEALLOCATION;
    }

    /// @dev Each contract knows the others from its construction, by the addresses they will have.
    function _deploy(uint32 slashResolutionDelay, uint32 deallocationDelay) internal {
        ours = true;
        vm.warp(1_000 days / INTERVAL * INTERVAL);
        uint64 nonce = vm.getNonce(address(this));
        address[] memory next = new address[](8);
        for (uint64 i; i < 8; ++i) next[i] = vm.computeCreateAddress(address(this), nonce + i);
        (address permissions, address amView, address amAddress, address dmAddress) =
            (next[0], next[1], next[2], next[3]);
        (address smAddress, address factoryAddress) = (next[4], next[5]);

        pc = new PermissionController();
        new AllocationManagerView(dmAddress, address(0));
        new AllocationManager(
            amView,
            dmAddress,
            address(0),
            permissions,
            PAUSER,
            AllocationManagerStorage.Delays(deallocationDelay, ALLOCATION_CONFIGURATION, SLASHER_CONFIGURATION)
        );
        dm = new DelegationManager(amAddress, smAddress, permissions, PAUSER, deallocationDelay);
        sm = new StrategyManager(
            amAddress, dmAddress, address(this), factoryAddress, PAUSER, slashResolutionDelay
        );
        factory = new StrategyFactory(smAddress, address(this));
        kr = new KeyRegistrar(permissions, amAddress);
        rc = new RewardsCoordinator(
            amAddress,
            smAddress,
            permissions,
            PAUSER,
            UPDATER,
            RewardsCoordinator.Times(INTERVAL, 100 * INTERVAL, 1000 * INTERVAL, 100 * INTERVAL, 0, 10)
        );
        am = IAllocationManager(amAddress);
        vm.assertEq(address(dm), dmAddress);
        vm.assertEq(address(factory), factoryAddress);
    }

    function _attach(string memory json) private {
        am = IAllocationManager(vm.parseJsonAddress(json, ".allocationManager"));
        dm = IDelegationManager(vm.parseJsonAddress(json, ".delegationManager"));
        sm = IStrategyManager(vm.parseJsonAddress(json, ".strategyManager"));
        factory = IStrategyFactory(vm.parseJsonAddress(json, ".strategyFactory"));
        pc = IPermissionController(vm.parseJsonAddress(json, ".permissionController"));
        kr = IKeyRegistrar(vm.parseJsonAddress(json, ".keyRegistrar"));
        rc = IRewardsCoordinator(vm.parseJsonAddress(json, ".rewardsCoordinator"));
    }

    function _newStrategy() internal returns (TestToken newToken, address newStrategy) {
        newToken = new TestToken();
        newStrategy = factory.deployNewStrategy(address(newToken));
    }

    function _registerOperator(address operator_, uint32 allocationDelay) internal {
        vm.prank(operator_);
        dm.registerAsOperator(address(0), allocationDelay, "");
    }

    function _deposit(address staker_, uint256 amount) internal {
        _deposit(staker_, token, strategy, amount);
    }

    function _deposit(address staker_, TestToken token_, address strategy_, uint256 amount) internal {
        token_.mint(staker_, amount);
        vm.startPrank(staker_);
        token_.approve(address(sm), amount);
        sm.depositIntoStrategy(strategy_, address(token_), amount);
        vm.stopPrank();
    }

    function _delegate(address staker_, address operator_) internal {
        vm.prank(staker_);
        dm.delegateTo(operator_, IDelegationManager.SignatureWithExpiry("", 0), 0);
    }

    function _set(uint32 id) internal view returns (OperatorSet memory) {
        return OperatorSet(avs, id);
    }

    function _announce() internal {
        vm.startPrank(avs);
        am.updateAVSMetadataURI(avs, "ipfs://avs");
        am.setAVSRegistrar(avs, address(registrar));
        vm.stopPrank();
    }

    /// @dev A set with one strategy, whose slasher is this test. `recipient` zero: a burning set.
    function _createSet(uint32 id, address recipient) internal {
        _createSet(id, _one(strategy), recipient);
    }

    function _createSet(uint32 id, address[] memory strategies, address recipient) internal {
        IAllocationManager.CreateSetParamsV2[] memory params = new IAllocationManager.CreateSetParamsV2[](1);
        params[0] = IAllocationManager.CreateSetParamsV2(id, strategies, address(this));
        vm.prank(avs);
        if (recipient == address(0)) am.createOperatorSets(avs, params);
        else am.createRedistributingOperatorSets(avs, params, _one(recipient));
    }

    function _join(address operator_, uint32 id) internal {
        vm.prank(operator_);
        am.registerForOperatorSets(operator_, IAllocationManager.RegisterParams(avs, _ids(id), ""));
    }

    function _registration() internal view returns (IAllocationManager.RegisterParams memory) {
        return IAllocationManager.RegisterParams(avs, _ids(0), "");
    }

    function _leave(address operator_, uint32 id) internal {
        vm.prank(operator_);
        am.deregisterFromOperatorSets(IAllocationManager.DeregisterParams(operator_, avs, _ids(id)));
    }

    function _allocate(address operator_, uint32 id, uint64 magnitude) internal {
        vm.prank(operator_);
        am.modifyAllocations(operator_, _allocation(id, strategy, magnitude));
    }

    function _allocation(uint32 id, address strategy_, uint64 magnitude)
        internal
        view
        returns (IAllocationManager.AllocateParams[] memory params)
    {
        uint64[] memory magnitudes = new uint64[](1);
        magnitudes[0] = magnitude;
        params = new IAllocationManager.AllocateParams[](1);
        params[0] = IAllocationManager.AllocateParams(_set(id), _one(strategy_), magnitudes);
    }

    function _slashing(address operator_, uint32 id, uint256 wad)
        internal
        view
        returns (IAllocationManager.SlashingParams memory)
    {
        return IAllocationManager.SlashingParams(operator_, id, _one(strategy), _one(wad), "test");
    }

    function _slash(address operator_, uint32 id, uint256 wad) internal returns (uint256 slashId, uint256 shares) {
        uint256[] memory list;
        (slashId, list) = am.slashOperator(avs, _slashing(operator_, id, wad));
        shares = list[0];
    }

    function _queue(address staker_, uint256 depositShares)
        internal
        returns (IDelegationManager.Withdrawal memory withdrawal)
    {
        IDelegationManager.QueuedWithdrawalParams[] memory params =
            new IDelegationManager.QueuedWithdrawalParams[](1);
        params[0] = IDelegationManager.QueuedWithdrawalParams(_one(strategy), _one(depositShares), address(0));
        vm.prank(staker_);
        bytes32 root = dm.queueWithdrawals(params)[0];
        (withdrawal,) = dm.getQueuedWithdrawal(root);
    }

    function _slashable(address operator_, uint32 id, uint256 futureBlock) internal view returns (uint256) {
        return
            am.getMinimumSlashableStake(_set(id), _one(operator_), _one(strategy), uint32(futureBlock))[0][0];
    }

    function _pause(address target, uint256 bits) internal {
        vm.prank(PAUSER);
        IPausable(target).pause(bits);
    }
}
