// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ALT} from "src/alt/ALT.sol";
import {Timelock} from "src/alt/Timelock.sol";
import {AvsFactory} from "src/avs/AvsFactory.sol";
import {CertificateVerifier} from "src/avs/CertificateVerifier.sol";
import {IAvsFactory} from "src/avs/interfaces/IAvsFactory.sol";
import {IMachRegistrar} from "src/avs/interfaces/IMachRegistrar.sol";
import {IMachRewards} from "src/avs/interfaces/IMachRewards.sol";
import {IMachSlasher} from "src/avs/interfaces/IMachSlasher.sol";
import {Certificate, Core as BlockCore, Message, TableEntry, TableHeader} from "src/avs/interfaces/IMachTypes.sol";
import {IMachVerifier} from "src/avs/interfaces/IMachVerifier.sol";
import {IOperatorTable} from "src/avs/interfaces/IOperatorTable.sol";
import {MachRegistrar} from "src/avs/MachRegistrar.sol";
import {MachRewards} from "src/avs/MachRewards.sol";
import {MachSlasher} from "src/avs/MachSlasher.sol";
import {OperatorTable} from "src/avs/OperatorTable.sol";
import {IAllocationManager} from "src/restaking/interfaces/IAllocationManager.sol";
import {OperatorSet} from "src/restaking/interfaces/OperatorSet.sol";
import {BN254} from "src/restaking/libraries/BN254.sol";
import {Core} from "./Core.sol";
import {TestToken} from "./Tokens.sol";

/// @notice A SystemConfig as far as the factory asks.
contract TestSystemConfig {
    address public owner = address(0x0113);
}

/// @notice A rollup's MACH suite on a core: two asset classes, a restaked token and ALT, and operators with stake.
abstract contract Mach is Core {
    uint32 internal constant K = 1;
    uint32 internal constant EPOCH = 4;
    uint32 internal constant UNDECIDED = 20;
    uint32 internal constant AGE = 32;
    uint32 internal constant EVIDENCE = 32;
    uint32 internal constant SLACK = 8;
    uint256 internal constant STAKE = 100e18;
    uint256 internal constant BOUNTY = 5e18;
    address internal constant CREATOR = address(0xC0);

    AvsFactory internal suites;
    IAvsFactory.Suite internal suite;
    IMachRegistrar internal mach;
    IOperatorTable internal table;
    IMachVerifier internal verifier;
    IMachSlasher internal slasher;
    IMachRewards internal rewards;
    Timelock internal timelock;
    ALT internal alt;
    address internal altStrategy;
    TestSystemConfig internal systemConfig;
    TableHeader internal header;

    function _deallocationDelay() internal pure override returns (uint32) {
        return 200;
    }

    function setUp() public virtual override {
        super.setUp();
        _loadKeys();
        timelock = new Timelock(0, _one(address(this)), _one(address(0)));
        alt = new ALT(address(timelock), address(this), 1e27);
        altStrategy = factory.deployNewStrategy(address(alt));
        systemConfig = new TestSystemConfig();
        suites = new AvsFactory(
            address(am),
            address(sm),
            address(alt),
            0,
            AvsFactory.Implementations({
                registrar: address(new MachRegistrar(address(am), address(kr), address(rc))),
                table: address(new OperatorTable(address(am), address(kr))),
                verifier: address(new CertificateVerifier()),
                slasher: address(new MachSlasher(address(am))),
                rewards: address(new MachRewards(address(rc)))
            })
        );
        IAvsFactory.CreateParams memory params = _params();
        vm.prank(CREATOR);
        _use(suites.create(params));
    }

    function _use(IAvsFactory.Suite memory suite_) internal {
        suite = suite_;
        mach = IMachRegistrar(suite_.registrar);
        table = IOperatorTable(suite_.table);
        verifier = IMachVerifier(suite_.verifier);
        slasher = IMachSlasher(suite_.slasher);
        rewards = IMachRewards(suite_.rewards);
        avs = suite_.registrar;
    }

    function _another(IAvsFactory.CreateParams memory params, bytes32 salt)
        internal
        returns (IAvsFactory.Suite memory)
    {
        params.salt = salt;
        vm.prank(CREATOR);
        return suites.create(params);
    }

    function _rollup() internal view returns (IAvsFactory.Rollup memory) {
        return IAvsFactory.Rollup(address(systemConfig), 901, keccak256("genesis"));
    }

    function _params() internal view returns (IAvsFactory.CreateParams memory params) {
        params.rollup = _rollup();
        params.services = new uint8[](1);
        params.services[0] = 1;
        params.timelock = address(timelock);
        params.mach.windows = IOperatorTable.Windows(K, EPOCH, UNDECIDED, AGE, EVIDENCE, SLACK);
        IOperatorTable.StrategyWeight[] memory list = new IOperatorTable.StrategyWeight[](2);
        list[0] = IOperatorTable.StrategyWeight(strategy, 0, 1e18);
        list[1] = IOperatorTable.StrategyWeight(altStrategy, 1, 1e18);
        if (altStrategy < strategy) (list[0], list[1]) = (list[1], list[0]);
        params.mach.strategies = list;
        params.mach.minimum = new uint256[](2);
        params.mach.minimum[0] = params.mach.minimum[1] = 1e18;
        params.mach.slashWad = 1e18;
        params.mach.rewardToken = address(alt);
        params.mach.ratePerEpoch = 10e18;
        params.mach.bounty = BOUNTY;
        (params.mach.bountyPeriod, params.mach.bountyClaims) = (50, 10);
        params.mach.metadataURI = "ipfs://mach";
    }

    function _operatorAt(uint256 i) internal pure returns (address) {
        return address(uint160(0x0F0000 + i));
    }

    /// @dev Operators 0 to n - 1 join with equal stake in both classes; key i is operator i's, and so is index i.
    function _startWith(uint256 n) internal {
        for (uint256 i; i < n; ++i) _enlist(i, STAKE, STAKE);
        vm.prank(CREATOR);
        mach.start();
        _nextEpoch();
    }

    function _enlist(uint256 i, uint256 stake, uint256 altStake) internal {
        _prepare(i, stake, altStake);
        _join(_operatorAt(i), 0);
    }

    /// @dev All of joining but the last step.
    function _prepare(uint256 i, uint256 stake, uint256 altStake) internal {
        address who = _operatorAt(i);
        _registerOperator(who, 0);
        if (stake > 0) _deposit(who, stake);
        if (altStake > 0) {
            alt.transfer(who, altStake);
            vm.startPrank(who);
            alt.approve(address(sm), altStake);
            sm.depositIntoStrategy(altStrategy, address(alt), altStake);
            vm.stopPrank();
        }
        vm.startPrank(who);
        am.modifyAllocations(who, _allocation(0, strategy, 1e18));
        am.modifyAllocations(who, _allocation(0, altStrategy, 1e18));
        vm.stopPrank();
        _registerKey(i);
    }

    function _registerKey(uint256 i) internal {
        bytes memory keyData = kr.encodeBN254KeyData(_g1Key(i), _g2Key(i));
        OperatorSet memory set = OperatorSet(avs, 0);
        bytes memory proof =
            abi.encode(_signBN254(i, kr.getBN254KeyRegistrationMessageHash(_operatorAt(i), set, keyData)));
        vm.prank(_operatorAt(i));
        kr.registerKey(_operatorAt(i), set, keyData, proof);
    }

    function _refresh(uint256 i) internal {
        table.refresh(_one(_operatorAt(i)));
    }

    /// @dev Goes to the block after the next epoch's, and commits that epoch.
    function _nextEpoch() internal {
        uint64 epoch = _epoch() + (block.number == table.startBlock() ? 0 : 1);
        uint256 n = table.epochBlock(epoch);
        if (block.number <= n) _mine(n + 1 - block.number);
        _commit(epoch);
    }

    function _epoch() internal view returns (uint64) {
        return uint64((block.number - table.startBlock()) / EPOCH);
    }

    function _commit(uint64 epoch) internal {
        BN254.G1Point memory aggregate;
        uint48 oldestExpiry;
        header.epoch = epoch;
        (header.depth, header.root, aggregate, oldestExpiry) = table.state();
        (header.aggregateX, header.aggregateY) = (aggregate.X, aggregate.Y);
        (header.active, header.total) = table.weights();
        table.commit(epoch, header.depth, header.root, aggregate, oldestExpiry);
    }

    /// @dev A block of `height` above base height 8, in the committed epoch; `tag` tells branches apart.
    function _block(uint64 height, string memory tag) internal view returns (Message memory message) {
        message.kind = 2;
        message.core = BlockCore({
            height: height,
            timestamp: 1_700_000_000 + 2 * height,
            originNumber: uint64(table.epochBlock(header.epoch)) + K,
            originHash: keccak256("origin"),
            parentHash: keccak256(abi.encode("block", height - 1, tag)),
            attributesHash: keccak256(abi.encode("attributes", height)),
            historyRoot: keccak256(abi.encode("history", height, tag)),
            transactionCount: 3,
            transactionRoot: keccak256(abi.encode("transactions", height, tag)),
            blockHash: keccak256(abi.encode("block", height, tag)),
            outputRoot: keccak256(abi.encode("output", height, tag))
        });
        message.base.epoch = header.epoch;
        message.base.l1Hash = keccak256(abi.encode("l1", header.epoch));
        message.base.height = 8;
        message.base.blockHash = keccak256("block 8");
    }

    /// @dev Signed by operators 0 to n - 1 but the `absent` ones, ascending.
    function _certify(Message memory message, uint256 n, uint256[] memory absent)
        internal
        view
        returns (Certificate memory certificate)
    {
        certificate.message = message;
        certificate.table = header;
        certificate.absent = new TableEntry[](absent.length);
        uint256[] memory signers = new uint256[](n - absent.length);
        uint256 next;
        for (uint256 i; i < n; ++i) {
            if (next < absent.length && absent[next] == i) certificate.absent[next++] = _entry(i);
            else signers[i - next] = i;
        }
        certificate.signature = _signBN254(signers, verifier.digestOf(message));
        certificate.aggregateKey = _sumG2(signers);
    }

    function _certify(Message memory message, uint256 n) internal view returns (Certificate memory) {
        return _certify(message, n, new uint256[](0));
    }

    function _entry(uint256 i) internal view returns (TableEntry memory entry) {
        entry.operator = _operatorAt(i);
        (, entry.index, entry.key, entry.weights,) = table.entryOf(entry.operator);
        entry.path = table.pathOf(entry.index);
    }

    function _weight(uint256 i) internal view returns (uint256[] memory weight) {
        (,,, weight,) = table.entryOf(_operatorAt(i));
    }

    function _leaveService(uint256 i) internal {
        vm.prank(_operatorAt(i));
        am.deregisterFromOperatorSets(IAllocationManager.DeregisterParams(_operatorAt(i), avs, _ids(0)));
    }
}
