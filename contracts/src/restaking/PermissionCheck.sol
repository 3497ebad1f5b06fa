// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPermissionController} from "./interfaces/IPermissionController.sol";

/// @title PermissionCheck
/// @notice Asks the PermissionController whether the caller may make this call for an account.
abstract contract PermissionCheck {
    IPermissionController internal immutable _permissions;

    constructor(address permissionController_) {
        _permissions = IPermissionController(permissionController_);
    }

    /// @notice The controller asked.
    function permissionController() external view returns (address) {
        return address(_permissions);
    }

    function _canCall(address account) internal view returns (bool) {
        return _permissions.canCall(account, msg.sender, address(this), msg.sig);
    }
}
