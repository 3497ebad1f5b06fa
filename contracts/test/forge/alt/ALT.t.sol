// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/access/Ownable.sol";
import {ERC20Capped} from "@openzeppelin/token/ERC20/extensions/ERC20Capped.sol";
import {TimelockController} from "@openzeppelin/governance/TimelockController.sol";
import {ALT} from "src/alt/ALT.sol";
import {Timelock} from "src/alt/Timelock.sol";
import {TestBase} from "../Vm.sol";

contract ALTTest is TestBase {
    uint256 private constant CAP = 10_000_000_000e18;
    uint256 private constant SUPPLY = CAP / 2;
    Timelock private timelock;
    ALT private alt;

    function setUp() external {
        timelock = new Timelock(2 days, _one(address(this)), _one(address(0)));
        alt = new ALT(address(timelock), address(this), SUPPLY);
    }

    function test_Only_the_timelock_mints_and_after_its_delay() external {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        alt.mint(address(this), 1);
        bytes memory call = abi.encodeCall(alt.mint, (address(7), 5));
        timelock.schedule(address(alt), 0, call, 0, 0, 2 days);
        vm.expectRevert();
        timelock.execute(address(alt), 0, call, 0, 0);
        vm.warp(block.timestamp + 2 days);
        timelock.execute(address(alt), 0, call, 0, 0);
        vm.assertEq(alt.balanceOf(address(7)), 5);
    }

    function testFuzz_Supply_never_exceeds_the_cap(uint256 amount) external {
        amount = _bound(amount, CAP - SUPPLY + 1, type(uint128).max);
        vm.prank(address(timelock));
        vm.expectRevert(abi.encodeWithSelector(ERC20Capped.ERC20ExceededCap.selector, SUPPLY + amount, CAP));
        alt.mint(address(this), amount);
        vm.prank(address(timelock));
        alt.mint(address(this), CAP - SUPPLY);
        vm.assertEq(alt.totalSupply(), CAP);
    }

    function test_Votes_follow_delegation_and_are_checkpointed() external {
        alt.delegate(address(7));
        vm.assertEq(alt.getVotes(address(7)), SUPPLY);
        uint256 then = block.number;
        _mine(1);
        alt.transfer(address(8), 1e18);
        vm.assertEq(alt.getVotes(address(7)), SUPPLY - 1e18);
        vm.assertEq(alt.getPastVotes(address(7), then), SUPPLY);
    }

    function test_Permit() external {
        address owner = vm.addr(0xA1);
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(abi.encode(typehash, owner, address(7), 9, 0, block.timestamp));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(0xA1, keccak256(abi.encodePacked("\x19\x01", alt.DOMAIN_SEPARATOR(), hash)));
        alt.permit(owner, address(7), 9, block.timestamp, v, r, s);
        vm.assertEq(alt.allowance(owner, address(7)), 9);
        vm.assertEq(alt.nonces(owner), 1);
    }

    function test_Owner_has_to_be_a_contract() external {
        vm.expectRevert(abi.encodeWithSelector(ALT.OwnerNotContract.selector, address(7)));
        new ALT(address(7), address(this), 1);
    }

    function test_Timelock_changes_its_delay_only_by_itself() external {
        vm.expectRevert(
            abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, address(this))
        );
        timelock.updateDelay(0);
    }
}
