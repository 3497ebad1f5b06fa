// SPDX-License-Identifier: MIT
pragma solidity ^0.8.15;

contract Counter {
    event NumberSet(uint256 number);

    uint256 public number;

    constructor(uint256 first) {
        number = first;
    }

    function set(uint256 next) external {
        number = next;
        emit NumberSet(next);
    }
}
