// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IOperatorTable} from "./IOperatorTable.sol";

/// @title IAvsFactory
/// @notice Creates the suite of services of a rollup, new or running, in one transaction.
interface IAvsFactory {
    /// @notice A rollup by what identifies it; its id is the hash of these three.
    struct Rollup {
        address systemConfig;
        uint256 l2ChainId;
        bytes32 l2GenesisHash;
    }

    /// @param windows          See docs/spec/mach.md, section 11.
    /// @param strategies       At most four, ascending; with their asset class and weight.
    /// @param minimum          Weight that joining takes, by class.
    /// @param slashWad         Part of the stake allocated to the set that a fault costs, in 1e18ths.
    /// @param rewardToken      What rewards are paid in.
    /// @param ratePerEpoch     Rewards for an epoch, as far as the fund goes.
    /// @param bounty           Fixed bounty for proving a fault, in ALT.
    /// @param bountyPeriod     L1 blocks between two bounties.
    /// @param bountyClaims     L1 blocks in which a recorded fault's bounty may be claimed.
    /// @param allowShortDelay  Create although the core's deallocation delay is shorter than the horizon.
    struct MachParams {
        IOperatorTable.Windows windows;
        IOperatorTable.StrategyWeight[] strategies;
        uint256[] minimum;
        uint256 slashWad;
        address rewardToken;
        uint256 ratePerEpoch;
        uint256 bounty;
        uint32 bountyPeriod;
        uint32 bountyClaims;
        bool allowShortDelay;
        string metadataURI;
    }

    /// @param services By number: 1 is MACH, the only one offered.
    /// @param salt     Of the creator's choice; addresses depend on it and on the creator.
    /// @param timelock Administers the suite; has to keep at least the factory's minimum delay.
    struct CreateParams {
        Rollup rollup;
        uint8[] services;
        bytes32 salt;
        address timelock;
        MachParams mach;
    }

    struct Suite {
        address creator;
        bytes32 rollupId;
        address registrar;
        address table;
        address verifier;
        address slasher;
        address rewards;
    }

    event SuiteCreated(
        bytes32 indexed rollupId, address indexed creator, address indexed registrar, Suite suite, bool slashableInTime
    );
    event CanonicalSuite(bytes32 indexed rollupId, address indexed registrar);

    error ServiceNotOffered(uint8 service);
    error NoService();
    /// @notice Not a contract with a delay of at least `minimum` seconds.
    error BadTimelock(address timelock, uint256 minimum);
    /// @notice A strategy is not open for deposits in the core: nobody vouches for it.
    error StrategyNotWhitelisted(address strategy);
    error BadParameters();
    /// @notice Faults could not be slashed in time; `allowShortDelay` creates the suite all the same.
    error DeallocationDelayTooShort(uint256 delay, uint256 needed);
    error OnlySystemConfigOwner(address owner);
    error UnknownSuite(address registrar);

    /// @notice Creates a suite.
    function create(CreateParams calldata params) external returns (Suite memory);

    /// @notice Names the suite that clients of a rollup should use. Only the owner of its SystemConfig.
    function nominate(Rollup calldata rollup, address registrar) external;

    /// @notice Where `create` will put the registrar, the avs address.
    function predictRegistrar(address creator, bytes32 rollupId, bytes32 salt) external view returns (address);

    function rollupIdOf(Rollup calldata rollup) external pure returns (bytes32);

    function canonical(bytes32 rollupId) external view returns (address registrar);

    function suiteOf(address registrar) external view returns (Suite memory);
}
