// SPDX-License-Identifier: MIT
pragma solidity ^0.8.15;

import {Counter} from "../src/Counter.sol";

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

contract Deploy {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function run() external returns (Counter counter) {
        VM.startBroadcast();
        counter = new Counter(1);
        for (uint256 next = 2; next <= 5; next++) {
            counter.set(next);
        }
        VM.stopBroadcast();
    }
}
