// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {OperatorSet} from "./OperatorSet.sol";

/// @title IAllocationManager
/// @notice Operator sets, who is in them, which part of its stake an operator puts behind which set, and slashing.
/// @dev    An operator's stake in a strategy is divided in magnitudes. The maximum magnitude starts at 1e18 and only
///         falls. What is allocated to sets (current, pending, and not yet freed) never exceeds it, so each unit stands
///         behind one set: unique stake.
interface IAllocationManager {
    /// @param currentMagnitude What the set can slash now.
    /// @param pendingDiff      What is added or taken at `effectBlock`.
    struct Allocation {
        uint64 currentMagnitude;
        int128 pendingDiff;
        uint32 effectBlock;
    }

    /// @notice The form before slasher addresses: the avs address is the slasher.
    struct CreateSetParams {
        uint32 operatorSetId;
        address[] strategies;
    }

    struct CreateSetParamsV2 {
        uint32 operatorSetId;
        address[] strategies;
        address slasher;
    }

    struct RegisterParams {
        address avs;
        uint32[] operatorSetIds;
        bytes data;
    }

    struct DeregisterParams {
        address operator;
        address avs;
        uint32[] operatorSetIds;
    }

    struct AllocateParams {
        OperatorSet operatorSet;
        address[] strategies;
        uint64[] newMagnitudes;
    }

    /// @param strategies  Strictly ascending, all in the set.
    /// @param wadsToSlash Part of the magnitude allocated to this set, in 1e18ths, above 0.
    struct SlashingParams {
        address operator;
        uint32 operatorSetId;
        address[] strategies;
        uint256[] wadsToSlash;
        string description;
    }

    event AVSMetadataURIUpdated(address indexed avs, string metadataURI);
    event AVSRegistrarSet(address avs, address registrar);
    event OperatorSetCreated(OperatorSet operatorSet);
    event RedistributionAddressSet(OperatorSet operatorSet, address redistributionRecipient);
    event StrategyAddedToOperatorSet(OperatorSet operatorSet, address strategy);
    event StrategyRemovedFromOperatorSet(OperatorSet operatorSet, address strategy);
    event SlasherUpdated(OperatorSet operatorSet, address slasher, uint32 effectBlock);
    event SlasherMigrated(OperatorSet operatorSet, address slasher);
    event OperatorAddedToOperatorSet(address indexed operator, OperatorSet operatorSet);
    event OperatorRemovedFromOperatorSet(address indexed operator, OperatorSet operatorSet);
    event AllocationDelaySet(address operator, uint32 delay, uint32 effectBlock);
    event AllocationUpdated(
        address operator, OperatorSet operatorSet, address strategy, uint64 magnitude, uint32 effectBlock
    );
    event EncumberedMagnitudeUpdated(address operator, address strategy, uint64 encumberedMagnitude);
    event MaxMagnitudeUpdated(address operator, address strategy, uint64 maxMagnitude);
    /// @param wadSlashed Part of the operator's whole stake in the strategy, not the part that was asked for.
    event OperatorSlashed(
        address operator, OperatorSet operatorSet, address[] strategies, uint256[] wadSlashed, string description
    );

    error InvalidWadToSlash();
    error InputArrayLengthMismatch();
    error InputAddressZero();
    error InvalidAVSRegistrar();
    error InvalidStrategy();
    error InvalidRedistributionRecipient();
    error InvalidCaller();
    error InvalidPermissions();
    error InvalidOperator();
    error NonexistentAVSMetadata();
    error UninitializedAllocationDelay();
    error OperatorNotSlashable();
    error AlreadyMemberOfSet();
    error NotMemberOfSet();
    error InvalidOperatorSet();
    error StrategiesMustBeInAscendingOrder();
    error StrategyAlreadyInOperatorSet();
    error StrategyNotInOperatorSet();
    error SameMagnitude();
    error ModificationAlreadyPending();
    error InsufficientMagnitude();
    error SlasherNotSet();

    /// @notice Announces an AVS. Must come first.
    function updateAVSMetadataURI(address avs, string calldata metadataURI) external;

    /// @notice Names the contract that answers for `avs`. Calls its `supportsAVS`. Unset: the avs address itself.
    function setAVSRegistrar(address avs, address registrar) external;

    function createOperatorSets(address avs, CreateSetParamsV2[] calldata params) external;

    /// @notice The slasher is `avs`.
    function createOperatorSets(address avs, CreateSetParams[] calldata params) external;

    /// @notice Sets whose slashed funds go to a recipient, which never changes.
    function createRedistributingOperatorSets(
        address avs,
        CreateSetParamsV2[] calldata params,
        address[] calldata redistributionRecipients
    ) external;

    /// @notice The slasher is `avs`.
    function createRedistributingOperatorSets(
        address avs,
        CreateSetParams[] calldata params,
        address[] calldata redistributionRecipients
    ) external;

    /// @notice In force at once: allocations that operators left there are slashable again.
    function addStrategiesToOperatorSet(address avs, uint32 operatorSetId, address[] calldata strategies) external;

    /// @notice In force at once: the set cannot slash that strategy any more.
    function removeStrategiesFromOperatorSet(address avs, uint32 operatorSetId, address[] calldata strategies)
        external;

    /// @notice Names another slasher, in force after SLASHER_CONFIGURATION_DELAY.
    function updateSlasher(OperatorSet calldata operatorSet, address slasher) external;

    /// @notice Gives sets from before slasher addresses their slasher. Nothing to do for sets made here.
    function migrateSlashers(OperatorSet[] calldata operatorSets) external;

    /// @notice `operator` joins sets. The AVS's registrar may refuse.
    function registerForOperatorSets(address operator, RegisterParams calldata params) external;

    /// @notice An operator leaves sets, or the AVS ejects it. Slashable for DEALLOCATION_DELAY blocks more.
    function deregisterFromOperatorSets(DeregisterParams calldata params) external;

    /// @notice Sets magnitudes. One pending change per operator, set and strategy.
    function modifyAllocations(address operator, AllocateParams[] calldata params) external;

    /// @notice Frees magnitude whose deallocation is over. Anybody.
    function clearDeallocationQueue(
        address operator,
        address[] calldata strategies,
        uint16[] calldata numToClear
    ) external;

    /// @notice Blocks until an operator's future allocations are slashable.
    function setAllocationDelay(address operator, uint32 delay) external;

    /// @notice Slashes. Only the set's slasher.
    /// @return slashId Number of the slash within the set.
    /// @return shares  Shares to burn or redistribute, by strategy.
    function slashOperator(address avs, SlashingParams calldata params)
        external
        returns (uint256 slashId, uint256[] memory shares);

    function isOperatorSet(OperatorSet calldata operatorSet) external view returns (bool);

    function isMemberOfOperatorSet(address operator, OperatorSet calldata operatorSet) external view returns (bool);

    /// @notice Member, or left no more than DEALLOCATION_DELAY blocks ago.
    function isOperatorSlashable(address operator, OperatorSet calldata operatorSet) external view returns (bool);

    function getMembers(OperatorSet calldata operatorSet) external view returns (address[] memory);

    function getMemberCount(OperatorSet calldata operatorSet) external view returns (uint256);

    function getStrategiesInOperatorSet(OperatorSet calldata operatorSet) external view returns (address[] memory);

    function getRegisteredSets(address operator) external view returns (OperatorSet[] memory);

    function getAllocatedSets(address operator) external view returns (OperatorSet[] memory);

    function getAllocatedStrategies(address operator, OperatorSet calldata operatorSet)
        external
        view
        returns (address[] memory);

    function getAllocation(address operator, OperatorSet calldata operatorSet, address strategy)
        external
        view
        returns (Allocation memory);

    function getAllocations(address[] calldata operators, OperatorSet calldata operatorSet, address strategy)
        external
        view
        returns (Allocation[] memory);

    function getStrategyAllocations(address operator, address strategy)
        external
        view
        returns (OperatorSet[] memory, Allocation[] memory);

    /// @notice Magnitude that may be allocated now.
    function getAllocatableMagnitude(address operator, address strategy) external view returns (uint64);

    function getEncumberedMagnitude(address operator, address strategy) external view returns (uint64);

    function getMaxMagnitude(address operator, address strategy) external view returns (uint64);

    function getMaxMagnitudes(address operator, address[] calldata strategies)
        external
        view
        returns (uint64[] memory);

    function getMaxMagnitudes(address[] calldata operators, address strategy) external view returns (uint64[] memory);

    function getMaxMagnitudesAtBlock(address operator, address[] calldata strategies, uint32 blockNumber)
        external
        view
        returns (uint64[] memory);

    function getAllocationDelay(address operator) external view returns (bool isSet, uint32 delay);

    /// @notice Shares that the set can slash for certain up to `futureBlock`, by operator and strategy.
    /// @dev    WARNING: does not look whether the strategy is in the set.
    function getMinimumSlashableStake(
        OperatorSet calldata operatorSet,
        address[] calldata operators,
        address[] calldata strategies,
        uint32 futureBlock
    ) external view returns (uint256[][] memory slashableStake);

    function getAllocatedStake(
        OperatorSet calldata operatorSet,
        address[] calldata operators,
        address[] calldata strategies
    ) external view returns (uint256[][] memory);

    function getSlasher(OperatorSet calldata operatorSet) external view returns (address);

    function getPendingSlasher(OperatorSet calldata operatorSet)
        external
        view
        returns (address slasher, uint32 effectBlock);

    /// @notice Where slashed funds go; the burn address for a set without a recipient.
    function getRedistributionRecipient(OperatorSet calldata operatorSet) external view returns (address);

    function isRedistributingOperatorSet(OperatorSet calldata operatorSet) external view returns (bool);

    /// @notice Whether a redistributing set can slash `operator`.
    function isOperatorRedistributable(address operator) external view returns (bool);

    function getSlashCount(OperatorSet calldata operatorSet) external view returns (uint256);

    function getOperatorSetCount(address avs) external view returns (uint256);

    function getAVSRegistrar(address avs) external view returns (address);

    function DEALLOCATION_DELAY() external view returns (uint32);

    function ALLOCATION_CONFIGURATION_DELAY() external view returns (uint32);

    function SLASHER_CONFIGURATION_DELAY() external view returns (uint32);

    function delegation() external view returns (address);

    function eigenStrategy() external view returns (address);

    function permissionController() external view returns (address);
}
