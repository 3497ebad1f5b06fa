// SPDX-License-Identifier: MIT
// Size: delegation and withdrawals share one storage and one arithmetic of shares; EigenLayer's ABI has them at one address.
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/utils/cryptography/SignatureChecker.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/utils/ReentrancyGuardTransient.sol";
import {Checkpoints} from "@openzeppelin/utils/structs/Checkpoints.sol";
import {EnumerableSet} from "@openzeppelin/utils/structs/EnumerableSet.sol";
import {DevelopmentChain} from "./DevelopmentChain.sol";
import {IAllocationManager} from "./interfaces/IAllocationManager.sol";
import {IDelegationManager} from "./interfaces/IDelegationManager.sol";
import {IStrategyManager} from "./interfaces/IStrategyManager.sol";
import {OperatorSet} from "./interfaces/OperatorSet.sol";
import {SlashingMath} from "./libraries/SlashingMath.sol";
import {Pausable} from "./Pausable.sol";
import {PermissionCheck} from "./PermissionCheck.sol";

/// @title DelegationManager
contract DelegationManager is
    IDelegationManager,
    Pausable,
    PermissionCheck,
    ReentrancyGuardTransient,
    EIP712,
    DevelopmentChain
{
    using Checkpoints for Checkpoints.Trace224;
    using EnumerableSet for EnumerableSet.Bytes32Set;

    uint8 internal constant PAUSED_NEW_DELEGATION = 0;
    uint8 internal constant PAUSED_ENTER_WITHDRAWAL_QUEUE = 1;
    uint8 internal constant PAUSED_EXIT_WITHDRAWAL_QUEUE = 2;

    bytes32 private constant DELEGATION_APPROVAL_TYPEHASH = keccak256(
        "DelegationApproval(address delegationApprover,address staker,address operator,bytes32 approverSalt,uint256 expiry)"
    );

    uint32 private immutable _withdrawalDelay;
    IAllocationManager public immutable allocationManager;
    IStrategyManager public immutable strategyManager;

    mapping(address staker => address) public delegatedTo;
    mapping(address operator => mapping(address strategy => uint256)) public operatorShares;
    mapping(address operator => address) public delegationApprover;
    mapping(address approver => mapping(bytes32 salt => bool)) public delegationApproverSaltIsSpent;
    mapping(address staker => uint256) public cumulativeWithdrawalsQueued;

    /// @dev Zero stands for 1e18.
    mapping(address staker => mapping(address strategy => uint256)) private _scalingFactors;
    mapping(bytes32 root => Withdrawal) private _withdrawals;
    mapping(address staker => EnumerableSet.Bytes32Set) private _queuedRoots;
    /// @dev Scaled shares ever queued, by block: the difference over the delay is what a slash still reaches.
    mapping(address operator => mapping(address strategy => Checkpoints.Trace224)) private _queuedScaledShares;

    /// @param withdrawalDelay Blocks that a withdrawal rests, slashable; equal to the deallocation delay.
    constructor(
        address allocationManager_,
        address strategyManager_,
        address permissionController_,
        address pauser_,
        uint32 withdrawalDelay
    ) Pausable(pauser_) PermissionCheck(permissionController_) EIP712("EigenLayer", "1") {
        allocationManager = IAllocationManager(allocationManager_);
        strategyManager = IStrategyManager(strategyManager_);
        _withdrawalDelay = withdrawalDelay;
    }

    /// @inheritdoc IDelegationManager
    function registerAsOperator(address initDelegationApprover, uint32 allocationDelay, string calldata metadataURI)
        external
        nonReentrant
    {
        if (isDelegated(msg.sender)) revert ActivelyDelegated();

        delegationApprover[msg.sender] = initDelegationApprover;
        emit DelegationApproverUpdated(msg.sender, initDelegationApprover);
        emit OperatorRegistered(msg.sender, initDelegationApprover);
        emit OperatorMetadataURIUpdated(msg.sender, metadataURI);

        allocationManager.setAllocationDelay(msg.sender, allocationDelay);
        _delegate(msg.sender, msg.sender);
    }

    /// @inheritdoc IDelegationManager
    function modifyOperatorDetails(address operator, address newDelegationApprover) external {
        if (!_canCall(operator)) revert InvalidPermissions();
        if (!isOperator(operator)) revert OperatorNotRegistered();
        delegationApprover[operator] = newDelegationApprover;
        emit DelegationApproverUpdated(operator, newDelegationApprover);
    }

    /// @inheritdoc IDelegationManager
    function updateOperatorMetadataURI(address operator, string calldata metadataURI) external {
        if (!_canCall(operator)) revert InvalidPermissions();
        if (!isOperator(operator)) revert OperatorNotRegistered();
        emit OperatorMetadataURIUpdated(operator, metadataURI);
    }

    /// @inheritdoc IDelegationManager
    function delegateTo(
        address operator,
        SignatureWithExpiry calldata approverSignatureAndExpiry,
        bytes32 approverSalt
    ) public nonReentrant {
        if (isDelegated(msg.sender)) revert ActivelyDelegated();
        if (!isOperator(operator)) revert OperatorNotRegistered();
        _checkApproval(msg.sender, operator, approverSignatureAndExpiry, approverSalt);
        _delegate(msg.sender, operator);
    }

    /// @inheritdoc IDelegationManager
    function undelegate(address staker) public nonReentrant returns (bytes32[] memory) {
        address operator = delegatedTo[staker];
        if (operator == address(0)) revert NotActivelyDelegated();
        if (isOperator(staker)) revert OperatorsCannotUndelegate();
        if (msg.sender != staker) {
            if (!_canCall(operator) && msg.sender != delegationApprover[operator]) revert CallerCannotUndelegate();
            emit StakerForceUndelegated(staker, operator);
        }
        return _undelegate(staker, operator);
    }

    /// @inheritdoc IDelegationManager
    function redelegate(
        address newOperator,
        SignatureWithExpiry calldata newOperatorApproverSig,
        bytes32 approverSalt
    ) external returns (bytes32[] memory withdrawalRoots) {
        withdrawalRoots = undelegate(msg.sender);
        delegateTo(newOperator, newOperatorApproverSig, approverSalt);
    }

    /// @inheritdoc IDelegationManager
    function queueWithdrawals(QueuedWithdrawalParams[] calldata params)
        external
        nonReentrant
        onlyWhenNotPaused(PAUSED_ENTER_WITHDRAWAL_QUEUE)
        returns (bytes32[] memory roots)
    {
        roots = new bytes32[](params.length);
        for (uint256 i; i < params.length; ++i) {
            if (params[i].strategies.length != params[i].depositShares.length) revert InputArrayLengthMismatch();
            roots[i] = _queue(msg.sender, delegatedTo[msg.sender], params[i].strategies, params[i].depositShares);
        }
    }

    /// @inheritdoc IDelegationManager
    function completeQueuedWithdrawal(Withdrawal calldata withdrawal, address[] calldata tokens, bool receiveAsTokens)
        external
        nonReentrant
        onlyWhenNotPaused(PAUSED_EXIT_WITHDRAWAL_QUEUE)
    {
        _complete(withdrawal, tokens, receiveAsTokens);
    }

    /// @inheritdoc IDelegationManager
    function completeQueuedWithdrawals(
        Withdrawal[] calldata withdrawals,
        address[][] calldata tokens,
        bool[] calldata receiveAsTokens
    ) external nonReentrant onlyWhenNotPaused(PAUSED_EXIT_WITHDRAWAL_QUEUE) {
        for (uint256 i; i < withdrawals.length; ++i) _complete(withdrawals[i], tokens[i], receiveAsTokens[i]);
    }

    /// @inheritdoc IDelegationManager
    function increaseDelegatedShares(
        address staker,
        address strategy,
        uint256 prevDepositShares,
        uint256 addedShares
    ) external {
        if (msg.sender != address(strategyManager)) revert OnlyStrategyManagerOrEigenPodManager();
        address operator = delegatedTo[staker];
        _increase(operator, staker, strategy, prevDepositShares, addedShares, _slashingFactor(operator, strategy));
    }

    /// @inheritdoc IDelegationManager
    function slashOperatorShares(
        address operator,
        OperatorSet calldata operatorSet,
        uint256 slashId,
        address strategy,
        uint64 prevMaxMagnitude,
        uint64 newMaxMagnitude
    ) external returns (uint256 slashed) {
        if (msg.sender != address(allocationManager)) revert OnlyAllocationManager();
        uint256 shares = operatorShares[operator][strategy];
        uint256 slashedHere = SlashingMath.slashedShares(shares, prevMaxMagnitude, newMaxMagnitude);
        uint256 inQueue = SlashingMath.mulWad(_scaledSharesInQueue(operator, strategy), prevMaxMagnitude);
        slashed = slashedHere + SlashingMath.slashedShares(inQueue, prevMaxMagnitude, newMaxMagnitude);

        operatorShares[operator][strategy] = shares - slashedHere;
        emit OperatorSharesDecreased(operator, address(0), strategy, slashedHere);
        emit OperatorSharesSlashed(operator, strategy, slashed);

        strategyManager.increaseBurnOrRedistributableShares(operatorSet, slashId, strategy, slashed);
    }

    /// @inheritdoc IDelegationManager
    function isDelegated(address staker) public view returns (bool) {
        return delegatedTo[staker] != address(0);
    }

    /// @inheritdoc IDelegationManager
    function isOperator(address operator) public view returns (bool) {
        return operator != address(0) && delegatedTo[operator] == operator;
    }

    /// @inheritdoc IDelegationManager
    function getOperatorShares(address operator, address[] memory strategies)
        public
        view
        returns (uint256[] memory shares)
    {
        shares = new uint256[](strategies.length);
        for (uint256 i; i < strategies.length; ++i) shares[i] = operatorShares[operator][strategies[i]];
    }

    /// @inheritdoc IDelegationManager
    function getOperatorsShares(address[] calldata operators, address[] calldata strategies)
        external
        view
        returns (uint256[][] memory shares)
    {
        shares = new uint256[][](operators.length);
        for (uint256 i; i < operators.length; ++i) shares[i] = getOperatorShares(operators[i], strategies);
    }

    /// @inheritdoc IDelegationManager
    function getSlashableSharesInQueue(address operator, address strategy) external view returns (uint256) {
        return SlashingMath.mulWad(
            _scaledSharesInQueue(operator, strategy), allocationManager.getMaxMagnitude(operator, strategy)
        );
    }

    /// @inheritdoc IDelegationManager
    function getWithdrawableShares(address staker, address[] memory strategies)
        public
        view
        returns (uint256[] memory withdrawableShares, uint256[] memory depositShares)
    {
        withdrawableShares = new uint256[](strategies.length);
        depositShares = new uint256[](strategies.length);
        address operator = delegatedTo[staker];
        for (uint256 i; i < strategies.length; ++i) {
            depositShares[i] = strategyManager.stakerDepositShares(staker, strategies[i]);
            withdrawableShares[i] = SlashingMath.withdrawable(
                depositShares[i],
                depositScalingFactor(staker, strategies[i]),
                _slashingFactor(operator, strategies[i])
            );
        }
    }

    /// @inheritdoc IDelegationManager
    function getDepositedShares(address staker) public view returns (address[] memory, uint256[] memory) {
        return strategyManager.getDeposits(staker);
    }

    /// @inheritdoc IDelegationManager
    function depositScalingFactor(address staker, address strategy) public view returns (uint256) {
        uint256 factor = _scalingFactors[staker][strategy];
        return factor == 0 ? SlashingMath.WAD : factor;
    }

    /// @inheritdoc IDelegationManager
    function convertToDepositShares(
        address staker,
        address[] calldata strategies,
        uint256[] calldata withdrawableShares
    ) external view returns (uint256[] memory depositShares) {
        depositShares = new uint256[](strategies.length);
        address operator = delegatedTo[staker];
        for (uint256 i; i < strategies.length; ++i) {
            uint256 factor = SlashingMath.mulWad(
                depositScalingFactor(staker, strategies[i]), _slashingFactor(operator, strategies[i])
            );
            if (factor != 0) depositShares[i] = SlashingMath.divWad(withdrawableShares[i], factor);
        }
    }

    /// @inheritdoc IDelegationManager
    function getQueuedWithdrawal(bytes32 withdrawalRoot)
        public
        view
        returns (Withdrawal memory withdrawal, uint256[] memory shares)
    {
        withdrawal = _withdrawals[withdrawalRoot];
        shares = new uint256[](withdrawal.strategies.length);
        uint32 until = withdrawal.startBlock + _withdrawalDelay;
        for (uint256 i; i < shares.length; ++i) {
            uint256 factor = block.number > until
                ? _slashingFactorAt(withdrawal.delegatedTo, withdrawal.strategies[i], until)
                : _slashingFactor(withdrawal.delegatedTo, withdrawal.strategies[i]);
            shares[i] = SlashingMath.mulWad(withdrawal.scaledShares[i], factor);
        }
    }

    /// @inheritdoc IDelegationManager
    function getQueuedWithdrawals(address staker)
        external
        view
        returns (Withdrawal[] memory withdrawals, uint256[][] memory shares)
    {
        bytes32[] memory roots = _queuedRoots[staker].values();
        withdrawals = new Withdrawal[](roots.length);
        shares = new uint256[][](roots.length);
        for (uint256 i; i < roots.length; ++i) (withdrawals[i], shares[i]) = getQueuedWithdrawal(roots[i]);
    }

    /// @inheritdoc IDelegationManager
    function getQueuedWithdrawalRoots(address staker) external view returns (bytes32[] memory) {
        return _queuedRoots[staker].values();
    }

    /// @inheritdoc IDelegationManager
    function calculateWithdrawalRoot(Withdrawal memory withdrawal) public pure returns (bytes32) {
        return keccak256(abi.encode(withdrawal));
    }

    /// @inheritdoc IDelegationManager
    function calculateDelegationApprovalDigestHash(
        address staker,
        address operator,
        address approver,
        bytes32 approverSalt,
        uint256 expiry
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(DELEGATION_APPROVAL_TYPEHASH, approver, staker, operator, approverSalt, expiry))
        );
    }

    /// @inheritdoc IDelegationManager
    function minWithdrawalDelayBlocks() external view returns (uint32) {
        return _withdrawalDelay;
    }

    /// @inheritdoc IDelegationManager
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IDelegationManager
    function version() external pure returns (string memory) {
        return "1.12.0-altlayer";
    }

    function _checkApproval(
        address staker,
        address operator,
        SignatureWithExpiry calldata approval,
        bytes32 salt
    ) private {
        address approver = delegationApprover[operator];
        if (approver == address(0) || msg.sender == approver || msg.sender == operator) return;
        if (block.timestamp > approval.expiry) revert SignatureExpired();
        if (delegationApproverSaltIsSpent[approver][salt]) revert SaltSpent();
        delegationApproverSaltIsSpent[approver][salt] = true;
        bytes32 digest = calculateDelegationApprovalDigestHash(staker, operator, approver, salt, approval.expiry);
        if (!SignatureChecker.isValidSignatureNow(approver, digest, approval.signature)) revert InvalidSignature();
    }

    /// @dev Without an operator no slash reaches shares, so what is withdrawable before is what is delegated.
    function _delegate(address staker, address operator) private onlyWhenNotPaused(PAUSED_NEW_DELEGATION) {
        (address[] memory strategies,) = getDepositedShares(staker);
        (uint256[] memory withdrawableShares,) = getWithdrawableShares(staker, strategies);
        delegatedTo[staker] = operator;
        emit StakerDelegated(staker, operator);
        for (uint256 i; i < strategies.length; ++i) {
            uint256 factor = _slashingFactor(operator, strategies[i]);
            _increase(operator, staker, strategies[i], 0, withdrawableShares[i], factor);
        }
    }

    function _undelegate(address staker, address operator)
        private
        onlyWhenNotPaused(PAUSED_ENTER_WITHDRAWAL_QUEUE)
        returns (bytes32[] memory roots)
    {
        (address[] memory strategies, uint256[] memory depositShares) = getDepositedShares(staker);
        delegatedTo[staker] = address(0);
        emit StakerUndelegated(staker, operator);
        roots = new bytes32[](strategies.length);
        for (uint256 i; i < strategies.length; ++i) {
            address[] memory one = new address[](1);
            uint256[] memory shares = new uint256[](1);
            (one[0], shares[0]) = (strategies[i], depositShares[i]);
            roots[i] = _queue(staker, operator, one, shares);
        }
    }

    function _queue(address staker, address operator, address[] memory strategies, uint256[] memory depositShares)
        private
        returns (bytes32 root)
    {
        if (strategies.length == 0) revert InputArrayLengthZero();
        uint256[] memory scaledShares = new uint256[](strategies.length);
        uint256[] memory toWithdraw = new uint256[](strategies.length);
        for (uint256 i; i < strategies.length; ++i) {
            address strategy = strategies[i];
            scaledShares[i] = SlashingMath.mulWad(depositShares[i], depositScalingFactor(staker, strategy));
            toWithdraw[i] = SlashingMath.mulWad(scaledShares[i], _slashingFactor(operator, strategy));
            if (operator != address(0)) {
                Checkpoints.Trace224 storage queued = _queuedScaledShares[operator][strategy];
                queued.push(uint32(block.number), uint224(queued.latest() + scaledShares[i]));
                operatorShares[operator][strategy] -= toWithdraw[i];
                emit OperatorSharesDecreased(operator, staker, strategy, toWithdraw[i]);
            }
            if (strategyManager.removeDepositShares(staker, strategy, depositShares[i]) == 0) {
                delete _scalingFactors[staker][strategy];
                emit DepositScalingFactorUpdated(staker, strategy, SlashingMath.WAD);
            }
        }
        Withdrawal memory withdrawal = Withdrawal({
            staker: staker,
            delegatedTo: operator,
            withdrawer: staker,
            nonce: cumulativeWithdrawalsQueued[staker]++,
            startBlock: uint32(block.number),
            strategies: strategies,
            scaledShares: scaledShares
        });
        root = calculateWithdrawalRoot(withdrawal);
        _withdrawals[root] = withdrawal;
        _queuedRoots[staker].add(root);
        emit SlashingWithdrawalQueued(root, withdrawal, toWithdraw);
    }

    function _complete(Withdrawal calldata withdrawal, address[] calldata tokens, bool receiveAsTokens) private {
        if (tokens.length != withdrawal.strategies.length) revert InputArrayLengthMismatch();
        if (msg.sender != withdrawal.withdrawer) revert WithdrawerNotCaller();
        bytes32 root = calculateWithdrawalRoot(withdrawal);
        if (!_queuedRoots[withdrawal.staker].remove(root)) revert WithdrawalNotQueued();
        uint32 until = withdrawal.startBlock + _withdrawalDelay;
        if (block.number <= until) revert WithdrawalDelayNotElapsed();

        delete _withdrawals[root];
        emit SlashingWithdrawalCompleted(root);

        address operator = delegatedTo[withdrawal.staker];
        for (uint256 i; i < tokens.length; ++i) {
            address strategy = withdrawal.strategies[i];
            uint256 shares = SlashingMath.mulWad(
                withdrawal.scaledShares[i], _slashingFactorAt(withdrawal.delegatedTo, strategy, until)
            );
            if (shares == 0) continue;
            if (receiveAsTokens) {
                strategyManager.withdrawSharesAsTokens(withdrawal.staker, strategy, tokens[i], shares);
            } else {
                (uint256 previous, uint256 added) = strategyManager.addShares(withdrawal.staker, strategy, shares);
                _increase(
                    operator, withdrawal.staker, strategy, previous, added, _slashingFactor(operator, strategy)
                );
            }
        }
    }

    function _increase(
        address operator,
        address staker,
        address strategy,
        uint256 previous,
        uint256 added,
        uint256 slashingFactor
    ) private {
        if (slashingFactor == 0) revert FullySlashed();
        uint256 factor =
            SlashingMath.rescale(depositScalingFactor(staker, strategy), previous, added, slashingFactor);
        _scalingFactors[staker][strategy] = factor;
        emit DepositScalingFactorUpdated(staker, strategy, factor);
        if (operator == address(0)) return;
        operatorShares[operator][strategy] += added;
        emit OperatorSharesIncreased(operator, staker, strategy, added);
    }

    /// @dev Where EigenLayer's panics on a chain younger than the delay, this one looks at the whole past.
    function _scaledSharesInQueue(address operator, address strategy) private view returns (uint256) {
        Checkpoints.Trace224 storage queued = _queuedScaledShares[operator][strategy];
        uint256 reach = uint256(_withdrawalDelay) + 1;
        uint256 before = block.number <= reach ? 0 : queued.upperLookupRecent(uint32(block.number - reach));
        return queued.latest() - before;
    }

    function _slashingFactor(address operator, address strategy) private view returns (uint256) {
        return operator == address(0) ? SlashingMath.WAD : allocationManager.getMaxMagnitude(operator, strategy);
    }

    function _slashingFactorAt(address operator, address strategy, uint32 blockNumber) private view returns (uint256) {
        if (operator == address(0)) return SlashingMath.WAD;
        address[] memory strategies = new address[](1);
        strategies[0] = strategy;
        return allocationManager.getMaxMagnitudesAtBlock(operator, strategies, blockNumber)[0];
    }
}
