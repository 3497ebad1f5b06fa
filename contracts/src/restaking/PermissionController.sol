// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EnumerableSet} from "@openzeppelin/utils/structs/EnumerableSet.sol";
import {DevelopmentChain} from "./DevelopmentChain.sol";
import {IPermissionController} from "./interfaces/IPermissionController.sol";

/// @title PermissionController
contract PermissionController is IPermissionController, DevelopmentChain {
    using EnumerableSet for EnumerableSet.AddressSet;
    using EnumerableSet for EnumerableSet.Bytes32Set;

    struct Account {
        EnumerableSet.AddressSet admins;
        EnumerableSet.AddressSet pendingAdmins;
        mapping(address appointee => EnumerableSet.Bytes32Set) permissions;
        mapping(bytes32 permission => EnumerableSet.AddressSet) appointees;
    }

    mapping(address account => Account) private _accounts;

    modifier onlyAdmin(address account) {
        if (!isAdmin(account, msg.sender)) revert NotAdmin();
        _;
    }

    /// @inheritdoc IPermissionController
    function addPendingAdmin(address account, address admin) external onlyAdmin(account) {
        Account storage a = _accounts[account];
        if (a.admins.contains(admin)) revert AdminAlreadySet();
        if (!a.pendingAdmins.add(admin)) revert AdminAlreadyPending();
        emit PendingAdminAdded(account, admin);
    }

    /// @inheritdoc IPermissionController
    function removePendingAdmin(address account, address admin) external onlyAdmin(account) {
        if (!_accounts[account].pendingAdmins.remove(admin)) revert AdminNotPending();
        emit PendingAdminRemoved(account, admin);
    }

    /// @inheritdoc IPermissionController
    function acceptAdmin(address account) external {
        Account storage a = _accounts[account];
        if (!a.pendingAdmins.remove(msg.sender)) revert AdminNotPending();
        if (!a.admins.add(msg.sender)) revert AdminAlreadySet();
        emit AdminSet(account, msg.sender);
    }

    /// @inheritdoc IPermissionController
    function removeAdmin(address account, address admin) external onlyAdmin(account) {
        Account storage a = _accounts[account];
        if (a.admins.length() <= 1) revert CannotHaveZeroAdmins();
        if (!a.admins.remove(admin)) revert AdminNotSet();
        emit AdminRemoved(account, admin);
    }

    /// @inheritdoc IPermissionController
    function setAppointee(address account, address appointee, address target, bytes4 selector)
        external
        onlyAdmin(account)
    {
        Account storage a = _accounts[account];
        bytes32 permission = _permission(target, selector);
        if (!a.permissions[appointee].add(permission)) revert AppointeeAlreadySet();
        a.appointees[permission].add(appointee);
        emit AppointeeSet(account, appointee, target, selector);
    }

    /// @inheritdoc IPermissionController
    function removeAppointee(address account, address appointee, address target, bytes4 selector)
        external
        onlyAdmin(account)
    {
        Account storage a = _accounts[account];
        bytes32 permission = _permission(target, selector);
        if (!a.permissions[appointee].remove(permission)) revert AppointeeNotSet();
        a.appointees[permission].remove(appointee);
        emit AppointeeRemoved(account, appointee, target, selector);
    }

    /// @inheritdoc IPermissionController
    function canCall(address account, address caller, address target, bytes4 selector) external view returns (bool) {
        return isAdmin(account, caller)
            || _accounts[account].permissions[caller].contains(_permission(target, selector));
    }

    /// @inheritdoc IPermissionController
    function isAdmin(address account, address caller) public view returns (bool) {
        Account storage a = _accounts[account];
        return a.admins.length() == 0 ? account == caller : a.admins.contains(caller);
    }

    /// @inheritdoc IPermissionController
    function isPendingAdmin(address account, address pendingAdmin) external view returns (bool) {
        return _accounts[account].pendingAdmins.contains(pendingAdmin);
    }

    /// @inheritdoc IPermissionController
    function getAdmins(address account) external view returns (address[] memory admins) {
        if (_accounts[account].admins.length() > 0) return _accounts[account].admins.values();
        admins = new address[](1);
        admins[0] = account;
    }

    /// @inheritdoc IPermissionController
    function getPendingAdmins(address account) external view returns (address[] memory) {
        return _accounts[account].pendingAdmins.values();
    }

    /// @inheritdoc IPermissionController
    function getAppointeePermissions(address account, address appointee)
        external
        view
        returns (address[] memory targets, bytes4[] memory selectors)
    {
        bytes32[] memory permissions = _accounts[account].permissions[appointee].values();
        targets = new address[](permissions.length);
        selectors = new bytes4[](permissions.length);
        for (uint256 i; i < permissions.length; ++i) {
            targets[i] = address(bytes20(permissions[i]));
            selectors[i] = bytes4(permissions[i] << 160);
        }
    }

    /// @inheritdoc IPermissionController
    function getAppointees(address account, address target, bytes4 selector)
        external
        view
        returns (address[] memory)
    {
        return _accounts[account].appointees[_permission(target, selector)].values();
    }

    function _permission(address target, bytes4 selector) private pure returns (bytes32) {
        return bytes32(abi.encodePacked(target, selector));
    }
}
