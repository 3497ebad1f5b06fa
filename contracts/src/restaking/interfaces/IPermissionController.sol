// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title IPermissionController
/// @notice Who may call the core on behalf of an account (an operator or an AVS): its admins, and appointees for one
///         function of one contract.
/// @dev    An account without admins is its own admin. The first admin that accepts replaces it: from then on the
///         account itself may call nothing unless it is an admin too.
interface IPermissionController {
    event AppointeeSet(address indexed account, address indexed appointee, address target, bytes4 selector);
    event AppointeeRemoved(address indexed account, address indexed appointee, address target, bytes4 selector);
    event PendingAdminAdded(address indexed account, address admin);
    event PendingAdminRemoved(address indexed account, address admin);
    event AdminSet(address indexed account, address admin);
    event AdminRemoved(address indexed account, address admin);

    error NotAdmin();
    error AdminAlreadySet();
    error AdminNotSet();
    error AdminNotPending();
    error AdminAlreadyPending();
    error CannotHaveZeroAdmins();
    error AppointeeAlreadySet();
    error AppointeeNotSet();

    /// @notice Proposes `admin`, who has to accept. Only an admin of `account`.
    function addPendingAdmin(address account, address admin) external;

    /// @notice Withdraws a proposal. Only an admin of `account`.
    function removePendingAdmin(address account, address admin) external;

    /// @notice The caller becomes an admin of `account`, which proposed it.
    function acceptAdmin(address account) external;

    /// @notice Removes an admin; the last one stays. Only an admin of `account`.
    function removeAdmin(address account, address admin) external;

    /// @notice Lets `appointee` call `selector` of `target` for `account`. Only an admin of `account`.
    function setAppointee(address account, address appointee, address target, bytes4 selector) external;

    /// @notice Takes that right back. Only an admin of `account`.
    function removeAppointee(address account, address appointee, address target, bytes4 selector) external;

    /// @notice Whether `caller` may call `selector` of `target` for `account`.
    function canCall(address account, address caller, address target, bytes4 selector) external view returns (bool);

    /// @notice Whether `caller` is an admin of `account`, the account itself while there is none.
    function isAdmin(address account, address caller) external view returns (bool);

    /// @notice Whether `pendingAdmin` is proposed for `account`.
    function isPendingAdmin(address account, address pendingAdmin) external view returns (bool);

    /// @notice The admins, or the account itself while there is none.
    function getAdmins(address account) external view returns (address[] memory);

    /// @notice The proposed admins.
    function getPendingAdmins(address account) external view returns (address[] memory);

    /// @notice Targets and selectors that `appointee` may call for `account`, pairwise.
    function getAppointeePermissions(address account, address appointee)
        external
        view
        returns (address[] memory targets, bytes4[] memory selectors);

    /// @notice Who may call `selector` of `target` for `account`.
    function getAppointees(address account, address target, bytes4 selector) external view returns (address[] memory);
}
