// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Clones} from "@openzeppelin/proxy/Clones.sol";
import {TimelockController} from "@openzeppelin/governance/TimelockController.sol";
import {IAllocationManager} from "../restaking/interfaces/IAllocationManager.sol";
import {IStrategyManager} from "../restaking/interfaces/IStrategyManager.sol";
import {BountyPool} from "./BountyPool.sol";
import {CertificateVerifier} from "./CertificateVerifier.sol";
import {IAvsFactory} from "./interfaces/IAvsFactory.sol";
import {IOperatorTable} from "./interfaces/IOperatorTable.sol";
import {MachRegistrar} from "./MachRegistrar.sol";
import {MachRewards} from "./MachRewards.sol";
import {MachSlasher} from "./MachSlasher.sol";
import {OperatorTable} from "./OperatorTable.sol";

/// @notice What the factory asks of a rollup's SystemConfig.
interface IOwned {
    function owner() external view returns (address);
}

/// @title AvsFactory
/// @dev    Suites are clones of five contracts, deployed once; together with the core's own bookkeeping they cost a
///         part of what deploying them would.
contract AvsFactory is IAvsFactory {
    /// @param registrar And the others: implementations, never used themselves.
    struct Implementations {
        address registrar;
        address table;
        address verifier;
        address slasher;
        address rewards;
    }

    uint8 public constant MACH = 1;
    uint256 private constant WAD = 1e18;

    IAllocationManager public immutable allocationManager;
    IStrategyManager public immutable strategyManager;
    address public immutable alt;
    uint256 public immutable minimumTimelockDelay;
    address private immutable _registrar;
    address private immutable _table;
    address private immutable _verifier;
    address private immutable _slasher;
    address private immutable _rewards;

    mapping(bytes32 rollupId => address) public canonical;
    mapping(address registrar => Suite) private _suites;

    /// @param minimumTimelockDelay_ Seconds; zero only on development chains.
    constructor(
        address allocationManager_,
        address strategyManager_,
        address alt_,
        uint256 minimumTimelockDelay_,
        Implementations memory implementations
    ) {
        allocationManager = IAllocationManager(allocationManager_);
        strategyManager = IStrategyManager(strategyManager_);
        (alt, minimumTimelockDelay) = (alt_, minimumTimelockDelay_);
        (_registrar, _table) = (implementations.registrar, implementations.table);
        (_verifier, _slasher, _rewards) =
            (implementations.verifier, implementations.slasher, implementations.rewards);
    }

    /// @inheritdoc IAvsFactory
    function create(CreateParams calldata params) external returns (Suite memory suite) {
        if (params.services.length == 0) revert NoService();
        for (uint256 i; i < params.services.length; ++i) {
            if (params.services[i] != MACH || i > 0) revert ServiceNotOffered(params.services[i]);
        }
        _checkTimelock(params.timelock);
        (uint256 life, bool inTime) = _check(params.mach);

        suite.creator = msg.sender;
        suite.rollupId = rollupIdOf(params.rollup);
        bytes32 salt = _salt(msg.sender, suite.rollupId, params.salt);
        suite.registrar = Clones.cloneDeterministic(_registrar, salt);
        suite.table = Clones.cloneDeterministic(_table, salt);
        suite.verifier = Clones.cloneDeterministic(_verifier, salt);
        suite.slasher = Clones.cloneDeterministic(_slasher, salt);
        suite.rewards = Clones.cloneDeterministic(_rewards, salt);
        _suites[suite.registrar] = suite;
        emit SuiteCreated(suite.rollupId, msg.sender, suite.registrar, suite, inTime);

        _initialize(suite, params, life, inTime);
    }

    /// @inheritdoc IAvsFactory
    function nominate(Rollup calldata rollup, address registrar) external {
        address owner = IOwned(rollup.systemConfig).owner();
        if (msg.sender != owner) revert OnlySystemConfigOwner(owner);
        bytes32 rollupId = rollupIdOf(rollup);
        if (_suites[registrar].rollupId != rollupId) revert UnknownSuite(registrar);
        canonical[rollupId] = registrar;
        emit CanonicalSuite(rollupId, registrar);
    }

    /// @inheritdoc IAvsFactory
    function predictRegistrar(address creator, bytes32 rollupId, bytes32 salt) external view returns (address) {
        return Clones.predictDeterministicAddress(_registrar, _salt(creator, rollupId, salt));
    }

    /// @inheritdoc IAvsFactory
    function rollupIdOf(Rollup calldata rollup) public pure returns (bytes32) {
        return keccak256(abi.encode(rollup.systemConfig, rollup.l2ChainId, rollup.l2GenesisHash));
    }

    /// @inheritdoc IAvsFactory
    function suiteOf(address registrar) external view returns (Suite memory) {
        return _suites[registrar];
    }

    function _initialize(Suite memory suite, CreateParams calldata params, uint256 life, bool inTime) private {
        MachParams calldata mach = params.mach;
        OperatorTable(suite.table).initialize(
            suite.registrar, suite.slasher, mach.windows, mach.strategies, mach.minimum, life
        );
        CertificateVerifier(suite.verifier).initialize(suite.registrar, suite.table, suite.rollupId);
        MachSlasher(suite.slasher).initialize(
            suite.registrar,
            suite.table,
            suite.verifier,
            mach.slashWad,
            BountyPool.BountyTerms(alt, mach.bounty, mach.bountyPeriod, mach.bountyClaims)
        );
        MachRewards(suite.rewards).initialize(
            suite.registrar, suite.table, suite.verifier, mach.rewardToken, mach.ratePerEpoch
        );
        address[] memory strategies = new address[](mach.strategies.length);
        for (uint256 i; i < strategies.length; ++i) strategies[i] = mach.strategies[i].strategy;
        MachRegistrar(suite.registrar).initialize(
            MachRegistrar.Suite({
                rollupId: suite.rollupId,
                timelock: params.timelock,
                creator: suite.creator,
                table: suite.table,
                verifier: suite.verifier,
                slasher: suite.slasher,
                rewards: suite.rewards,
                slashableInTime: inTime
            }),
            strategies,
            mach.metadataURI
        );
    }

    /// @dev How long a weight is good for after its refresh: what the core vouches for, less the horizon.
    function _check(MachParams calldata mach) private view returns (uint256 life, bool inTime) {
        IOperatorTable.Windows calldata w = mach.windows;
        bool valid = w.epochLength != 0 && w.undecided >= uint256(w.k) + w.epochLength && w.certificateAge != 0
            && w.evidenceWindow != 0 && mach.slashWad != 0 && mach.slashWad <= WAD && mach.bountyClaims != 0;
        if (!valid) revert BadParameters();
        for (uint256 i; i < mach.strategies.length; ++i) {
            address strategy = mach.strategies[i].strategy;
            if (!strategyManager.strategyIsWhitelistedForDeposit(strategy)) revert StrategyNotWhitelisted(strategy);
        }
        uint256 reach = uint256(allocationManager.DEALLOCATION_DELAY()) - 1;
        uint256 horizon = uint256(w.undecided) + w.certificateAge + w.evidenceWindow + w.pauseSlack;
        // Two epochs are the least in which operators can keep their weights fresh.
        uint256 needed = horizon + 2 * uint256(w.epochLength);
        inTime = reach >= needed;
        if (!inTime && !mach.allowShortDelay) revert DeallocationDelayTooShort(reach + 1, needed + 1);
        life = inTime ? reach - horizon : 2 * uint256(w.epochLength);
    }

    function _checkTimelock(address timelock) private view {
        if (timelock.code.length != 0) {
            try TimelockController(payable(timelock)).getMinDelay() returns (uint256 delay) {
                if (delay >= minimumTimelockDelay) return;
            } catch {}
        }
        revert BadTimelock(timelock, minimumTimelockDelay);
    }

    function _salt(address creator, bytes32 rollupId, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(creator, rollupId, salt));
    }
}
