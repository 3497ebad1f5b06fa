// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAvsFactory} from "src/avs/interfaces/IAvsFactory.sol";
import {Certificate, Contradiction, Form, Message} from "src/avs/interfaces/IMachTypes.sol";
import {OperatorSet} from "src/restaking/interfaces/OperatorSet.sol";
import {Mach} from "../Mach.sol";

/// @notice Gas of what happens on L1, as whole transactions: intrinsic gas, calldata, and execution with cold storage.
///         `npm run contracts -- gas` prints it.
contract GasTest is Mach {
    event log_named_uint(string what, uint256 gas);

    uint256 private constant TRANSACTION = 21_000;

    function _cool() private {
        address[12] memory all = [
            address(am), address(dm), address(sm), address(kr), address(suites), suite.registrar, suite.table,
            suite.verifier, suite.slasher, suite.rewards, address(timelock), address(pc)
        ];
        for (uint256 i; i < all.length; ++i) vm.cool(all[i]);
    }

    function _call(address target, bytes memory data) private returns (uint256 gas) {
        gas = TRANSACTION;
        for (uint256 i; i < data.length; ++i) gas += data[i] == 0 ? 4 : 16;
        _cool();
        bool success;
        uint256 before = gasleft();
        // Solidity's own call would copy the calldata first, at this test's memory prices.
        assembly {
            success := call(gas(), target, 0, add(data, 32), mload(data), 0, 0)
        }
        gas += before - gasleft();
        vm.assertTrue(success, "the call reverts");
    }

    function _report(string memory what, uint256 gas, uint256 limit) private {
        emit log_named_uint(what, gas);
        vm.assertLt(gas, limit, what);
    }

    function _verifyGas(uint256 n, uint256 absentees) private returns (uint256) {
        uint256[] memory absent = new uint256[](absentees);
        for (uint256 i; i < absentees; ++i) absent[i] = 3 * i;
        Certificate memory certificate = _certify(_block(10, "a"), n, absent);
        return _call(address(verifier), abi.encodeCall(verifier.verify, (certificate)));
    }

    function _verification(uint256 n, string memory label) private {
        _startWith(n);
        uint256 all = _verifyGas(n, 0);
        _report(string.concat("certificate, all sign, operators: ", label), all, 300_000);
        uint256 most = n / 4;
        uint256 some = _verifyGas(n, most);
        _report(string.concat("each absent operator, operators: ", label), (some - all) / most, 12_000);
    }

    function test_Certificate_of_4() external {
        _verification(4, "4");
    }

    function test_Certificate_of_16() external {
        _verification(16, "16");
    }

    function test_Certificate_of_128() external {
        _verification(128, "128");
    }

    function test_Factory() external {
        IAvsFactory.CreateParams memory params = _params();
        params.salt = "gas";
        _report("factory, MACH", _call(address(suites), abi.encodeCall(suites.create, (params))), 5_000_000);
    }

    function test_Equivocation() external {
        _startWith(16);
        (Message memory a, Message memory b) = (_block(10, "a"), _block(11, "b"));
        Contradiction memory proof;
        proof.form = Form.PARENT;
        bytes memory call = abi.encodeCall(
            slasher.proveBySignatures,
            (
                _operatorAt(0),
                _g2Key(0),
                a,
                _signBN254(0, verifier.digestOf(a)),
                b,
                _signBN254(0, verifier.digestOf(b)),
                proof
            )
        );
        uint256 proving = _call(address(slasher), call);
        _report("equivocation proven by two signatures", proving, 500_000);
        uint256 slashing = _call(address(slasher), abi.encodeCall(slasher.slash, (_one(_operatorAt(0)))));
        _report("slash and eject, the core's part included", slashing, 1_000_000);
    }

    function test_Refresh() external {
        _startWith(16);
        _mine(UNDECIDED + 1);
        address[] memory all = new address[](16);
        for (uint256 i; i < 16; ++i) all[i] = _operatorAt(i);
        uint256 gas = _call(address(table), abi.encodeCall(table.refresh, (all)));
        _report("refresh, unchanged, each of 16", gas / 16, 130_000);
        for (uint256 i; i < 16; ++i) _deposit(_operatorAt(i), 1e18);
        _mine(1);
        gas = _call(address(table), abi.encodeCall(table.refresh, (all)));
        _report("refresh, changed, each of 16", gas / 16, 130_000);
        _mine(UNDECIDED + 1);
        gas = _call(address(table), abi.encodeCall(table.refresh, (_one(_operatorAt(3)))));
        _report("refresh, unchanged, alone", gas, 130_000);
        _deposit(_operatorAt(3), 1e18);
        gas = _call(address(table), abi.encodeCall(table.refresh, (_one(_operatorAt(3)))));
        _report("refresh, changed, alone", gas, 250_000);
        vm.assertTrue(am.isMemberOfOperatorSet(_operatorAt(3), OperatorSet(avs, 0)));
    }

    function test_Commit() external {
        _startWith(16);
        uint64 epoch = header.epoch + 1;
        vm.roll(table.epochBlock(epoch) + 1);
        (uint32 depth, bytes32 root,, uint48 oldest) = table.state();
        bytes memory call = abi.encodeWithSelector(
            table.commit.selector, epoch, depth, root, header.aggregateX, header.aggregateY, oldest
        );
        _report("epoch committed", _call(address(table), call), 130_000);
    }

    function test_Joining() external {
        _startWith(16);
        _mine(UNDECIDED + 1);
        _prepare(16, STAKE / 10, STAKE / 10);
        vm.prank(_operatorAt(16));
        uint256 before = gasleft();
        am.registerForOperatorSets(_operatorAt(16), _registration());
        _report("joining, execution only", before - gasleft(), 1_200_000);
    }
}
