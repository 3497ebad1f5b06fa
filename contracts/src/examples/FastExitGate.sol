// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What the gate asks of the OP Stack's predeploy.
interface IL2ToL1MessagePasser {
    function initiateWithdrawal(address target, uint256 gasLimit, bytes calldata data) external payable;
}

/// @title FastExitGate
/// @notice The rollup's side of FastExit: takes ether, numbers the exit, and begins its withdrawal to whoever pays it
///         in advance.
contract FastExitGate {
    IL2ToL1MessagePasser public constant MESSAGE_PASSER =
        IL2ToL1MessagePasser(0x4200000000000000000000000000000000000016);
    /// @dev Enough for FastExit's `receive`.
    uint256 private constant GAS = 50_000;

    /// @notice FastExit on L1.
    address public immutable fastExit;
    uint256 public count;

    event ExitRequested(uint256 indexed number, address indexed to, uint256 amount);

    error NothingSent();

    constructor(address fastExit_) {
        fastExit = fastExit_;
    }

    /// @notice Leaves the rollup with the ether sent.
    /// @return number By which the exit is paid, once.
    function exit(address to) external payable returns (uint256 number) {
        if (msg.value == 0) revert NothingSent();
        number = count++;
        emit ExitRequested(number, to, msg.value);
        MESSAGE_PASSER.initiateWithdrawal{value: msg.value}(fastExit, GAS, "");
    }
}
