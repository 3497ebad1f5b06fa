// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Initializable} from "@openzeppelin/proxy/utils/Initializable.sol";
import {IERC20} from "@openzeppelin/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/token/ERC20/utils/SafeERC20.sol";
import {IAllocationManager} from "../restaking/interfaces/IAllocationManager.sol";
import {IAVSRegistrar} from "../restaking/interfaces/IAVSRegistrar.sol";
import {IKeyRegistrar} from "../restaking/interfaces/IKeyRegistrar.sol";
import {IRewardsCoordinator} from "../restaking/interfaces/IRewardsCoordinator.sol";
import {OperatorSet} from "../restaking/interfaces/OperatorSet.sol";
import {BN254} from "../restaking/libraries/BN254.sol";
import {IMachRegistrar} from "./interfaces/IMachRegistrar.sol";
import {IMachVerifier} from "./interfaces/IMachVerifier.sol";
import {IOperatorTable} from "./interfaces/IOperatorTable.sol";

/// @title MachRegistrar
contract MachRegistrar is IMachRegistrar, Initializable {
    using SafeERC20 for IERC20;

    /// @param table           Clones of the suite, initialised after this one.
    /// @param slashableInTime See IMachRegistrar.
    struct Suite {
        bytes32 rollupId;
        address timelock;
        address creator;
        address table;
        address verifier;
        address slasher;
        address rewards;
        bool slashableInTime;
    }

    IAllocationManager public immutable allocationManager;
    IKeyRegistrar public immutable keyRegistrar;
    IRewardsCoordinator public immutable rewardsCoordinator;

    bytes32 public rollupId;
    address public timelock;
    address public creator;
    address public table;
    address public verifier;
    address public slasher;
    address public rewards;
    bool public slashableInTime;
    mapping(address operator => BN254.G1Point) private _keys;
    mapping(address strategy => uint256) private _removableFrom;

    modifier onlyAllocationManager() {
        if (msg.sender != address(allocationManager)) revert OnlyAllocationManager();
        _;
    }

    modifier onlyTimelock() {
        if (msg.sender != timelock) revert OnlyTimelock();
        _;
    }

    constructor(address allocationManager_, address keyRegistrar_, address rewardsCoordinator_) {
        allocationManager = IAllocationManager(allocationManager_);
        keyRegistrar = IKeyRegistrar(keyRegistrar_);
        rewardsCoordinator = IRewardsCoordinator(rewardsCoordinator_);
        _disableInitializers();
    }

    /// @notice Announces the service to the core, in the order that it wants. Called by the factory after the clone
    ///         exists, since `setAVSRegistrar` calls back.
    function initialize(Suite calldata suite, address[] calldata strategies, string calldata metadataURI)
        external
        initializer
    {
        (rollupId, timelock, creator) = (suite.rollupId, suite.timelock, suite.creator);
        (table, verifier, slasher) = (suite.table, suite.verifier, suite.slasher);
        (rewards, slashableInTime) = (suite.rewards, suite.slashableInTime);

        allocationManager.updateAVSMetadataURI(address(this), metadataURI);
        allocationManager.setAVSRegistrar(address(this), address(this));
        IAllocationManager.CreateSetParamsV2[] memory sets = new IAllocationManager.CreateSetParamsV2[](1);
        sets[0] = IAllocationManager.CreateSetParamsV2(0, strategies, suite.slasher);
        allocationManager.createOperatorSets(address(this), sets);
        keyRegistrar.configureOperatorSet(_set(), IKeyRegistrar.CurveType.BN254);
    }

    /// @inheritdoc IAVSRegistrar
    function registerOperator(address operator, address avs, uint32[] calldata operatorSetIds, bytes calldata)
        external
        onlyAllocationManager
    {
        if (avs != address(this) || operatorSetIds.length != 1 || operatorSetIds[0] != 0) revert WrongSet();
        (_keys[operator],) = keyRegistrar.getBN254Key(_set(), operator);
        IOperatorTable(table).join(operator);
    }

    /// @inheritdoc IAVSRegistrar
    /// @dev    Never reverts: that would keep operators from leaving. The core tells of a call that names no set, too.
    function deregisterOperator(address operator, address, uint32[] calldata operatorSetIds)
        external
        onlyAllocationManager
    {
        if (operatorSetIds.length != 0) IOperatorTable(table).leave(operator);
    }

    /// @inheritdoc IAVSRegistrar
    function supportsAVS(address avs) external view returns (bool) {
        return avs == address(this);
    }

    /// @inheritdoc IMachRegistrar
    function start() external {
        if (msg.sender != creator) revert OnlyCreator();
        IOperatorTable(table).start();
    }

    /// @inheritdoc IMachRegistrar
    function ejectIdle(address operator) external {
        (bool member,,, uint256[] memory weights, uint48 since) = IOperatorTable(table).entryOf(operator);
        bool idle = member && block.number > since + uint256(IOperatorTable(table).windows().undecided);
        for (uint256 c; c < weights.length; ++c) idle = idle && weights[c] == 0;
        if (!idle) revert NotIdle(operator);
        _eject(operator);
    }

    /// @inheritdoc IMachRegistrar
    function eject(address operator) external {
        if (msg.sender != slasher) revert OnlySlasher();
        _eject(operator);
    }

    /// @inheritdoc IMachRegistrar
    function submitRewards(
        IRewardsCoordinator.OperatorDirectedRewardsSubmission calldata submission,
        uint256 amount
    ) external {
        if (msg.sender != rewards) revert OnlyRewards();
        IRewardsCoordinator.OperatorDirectedRewardsSubmission[] memory list =
            new IRewardsCoordinator.OperatorDirectedRewardsSubmission[](1);
        list[0] = submission;
        emit RewardsSubmitted(submission.token, amount);
        IERC20(submission.token).forceApprove(address(rewardsCoordinator), amount);
        rewardsCoordinator.createOperatorDirectedOperatorSetRewardsSubmission(_set(), list);
    }

    /// @inheritdoc IMachRegistrar
    function setMetadataURI(string calldata metadataURI) external onlyTimelock {
        allocationManager.updateAVSMetadataURI(address(this), metadataURI);
    }

    /// @inheritdoc IMachRegistrar
    function raiseThreshold(uint256 numerator, uint256 denominator) external onlyTimelock {
        IMachVerifier(verifier).raiseThreshold(numerator, denominator);
    }

    /// @inheritdoc IMachRegistrar
    function retireStrategy(address strategy) external onlyTimelock {
        uint256 from = block.number + allocationManager.DEALLOCATION_DELAY() + 1;
        _removableFrom[strategy] = from;
        emit StrategyRetired(strategy, from);
        IOperatorTable(table).retireStrategy(strategy);
    }

    /// @inheritdoc IMachRegistrar
    function removeStrategy(address strategy) external {
        uint256 from = _removableFrom[strategy];
        if (from == 0) revert StrategyNotRetired(strategy);
        if (block.number < from) revert StrategyRemovableFrom(from);
        address[] memory list = new address[](1);
        list[0] = strategy;
        allocationManager.removeStrategiesFromOperatorSet(address(this), 0, list);
    }

    /// @inheritdoc IMachRegistrar
    function keyOf(address operator) external view returns (BN254.G1Point memory) {
        return _keys[operator];
    }

    function _eject(address operator) private {
        uint32[] memory ids = new uint32[](1);
        allocationManager.deregisterFromOperatorSets(
            IAllocationManager.DeregisterParams(operator, address(this), ids)
        );
    }

    function _set() private view returns (OperatorSet memory) {
        return OperatorSet(address(this), 0);
    }
}
