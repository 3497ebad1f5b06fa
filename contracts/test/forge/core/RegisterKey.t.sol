// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IKeyRegistrar} from "src/restaking/interfaces/IKeyRegistrar.sol";
import {BN254} from "src/restaking/libraries/BN254.sol";
import {Core} from "../Core.sol";

contract RegisterKeyTest is Core {
    function setUp() public override {
        super.setUp();
        _loadKeys();
        vm.startPrank(avs);
        kr.configureOperatorSet(_set(1), IKeyRegistrar.CurveType.BN254);
        kr.configureOperatorSet(_set(2), IKeyRegistrar.CurveType.ECDSA);
        vm.stopPrank();
    }

    function test_BN254_key_with_proof_of_possession() external {
        bytes memory keyData = _keyData(0);
        _register(operator, keyData, _proof(0, operator, keyData));
        (BN254.G1Point memory g1, BN254.G2Point memory g2) = kr.getBN254Key(_set(1), operator);
        vm.assertEq(abi.encode(g1, g2), keyData);
        vm.assertEq(kr.getKeyHash(_set(1), operator), keccak256(abi.encode(g1.X, g1.Y)));
        (address owner, bool registered) = kr.getOperatorFromSigningKey(_set(1), keyData);
        vm.assertEq(owner, operator);
        vm.assertTrue(registered);
    }

    function test_ECDSA_key_with_proof_of_possession() external {
        uint256 key = 0xEC;
        bytes32 digest = kr.getECDSAKeyRegistrationMessageHash(operator, _set(2), vm.addr(key));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        bytes memory keyData = abi.encodePacked(vm.addr(key));
        vm.startPrank(operator);
        vm.expectRevert(IKeyRegistrar.InvalidSignature.selector);
        kr.registerKey(operator, _set(2), abi.encodePacked(vm.addr(0xEE)), abi.encodePacked(r, s, v));
        vm.expectRevert(IKeyRegistrar.InvalidKeyFormat.selector);
        kr.registerKey(operator, _set(2), abi.encode(vm.addr(key)), abi.encodePacked(r, s, v));
        kr.registerKey(operator, _set(2), keyData, abi.encodePacked(r, s, v));
        vm.assertEq(kr.getECDSAAddress(_set(2), operator), vm.addr(key));
    }

    /// @dev A rogue key, made of others' keys so that they cancel, has no secret that its maker knows.
    function test_Attack_rogue_key() external {
        BN254.G1Point memory rogue = BN254.add(_g1Key(1), BN254.negate(_g1Key(0)));
        bytes memory keyData = kr.encodeBN254KeyData(rogue, _g2Key(1));
        _refused(keyData, abi.encode(_signBN254(1, _hash(operator, keyData))), IKeyRegistrar.InvalidSignature.selector);
    }

    function test_Attack_key_of_another_operator() external {
        bytes memory keyData = _keyData(0);
        bytes memory proof = _proof(0, address(0xBEEF), keyData);
        _refused(keyData, proof, IKeyRegistrar.InvalidSignature.selector);
    }

    function test_Attack_points_of_two_secrets() external {
        bytes memory keyData = kr.encodeBN254KeyData(_g1Key(0), _g2Key(1));
        _refused(keyData, abi.encode(_signBN254(0, _hash(operator, keyData))), IKeyRegistrar.InvalidSignature.selector);
        _refused(keyData, abi.encode(_signBN254(1, _hash(operator, keyData))), IKeyRegistrar.InvalidSignature.selector);
    }

    function test_Attack_points_off_the_curve() external {
        bytes memory keyData = kr.encodeBN254KeyData(BN254.G1Point(1, 3), _g2Key(0));
        bytes memory proof = abi.encode(_signBN254(0, _hash(operator, keyData)));
        _refused(keyData, proof, BN254.PointNotOnCurve.selector);
        BN254.G2Point memory off = _g2Key(0);
        off.Y[1] = addmod(off.Y[1], 1, BN254.P);
        keyData = kr.encodeBN254KeyData(_g1Key(0), off);
        _refused(keyData, abi.encode(_signBN254(0, _hash(operator, keyData))), IKeyRegistrar.InvalidSignature.selector);
    }

    /// @dev On the twist, but outside of the subgroup of order r: the pairing precompile refuses it.
    function test_Attack_point_outside_of_the_subgroup() external {
        BN254.G2Point memory low = BN254.G2Point(
            [uint256(0), 1],
            [
                5912654199736721486680175016176231956195085055698687135131307249486702594212,
                18278151005453108793778860132295291098363647455926340152056652516292830556603
            ]
        );
        bytes memory keyData = kr.encodeBN254KeyData(_g1Key(0), low);
        _refused(keyData, abi.encode(_signBN254(0, _hash(operator, keyData))), IKeyRegistrar.InvalidSignature.selector);
    }

    function test_Attack_zero_key_and_second_name_of_a_key() external {
        BN254.G2Point memory zero;
        bytes memory keyData = kr.encodeBN254KeyData(BN254.G1Point(0, 0), zero);
        _refused(keyData, abi.encode(BN254.G1Point(0, 0)), IKeyRegistrar.ZeroPubkey.selector);
        BN254.G1Point memory g1 = _g1Key(0);
        keyData = kr.encodeBN254KeyData(BN254.G1Point(g1.X + BN254.P, g1.Y), _g2Key(0));
        _refused(keyData, abi.encode(_signBN254(0, _hash(operator, keyData))), BN254.PointNotOnCurve.selector);
    }

    function test_A_key_serves_one_operator_and_one_set_once() external {
        bytes memory keyData = _keyData(0);
        _register(operator, keyData, _proof(0, operator, keyData));
        _refused(keyData, _proof(0, operator, keyData), IKeyRegistrar.OperatorAlreadyRegistered.selector);
        bytes memory proof = _proof(0, address(0xBEEF), keyData);
        vm.prank(address(0xBEEF));
        vm.expectRevert(IKeyRegistrar.KeyAlreadyRegistered.selector);
        kr.registerKey(address(0xBEEF), _set(1), keyData, proof);
    }

    function test_Configuration_is_the_avs_alone_and_once() external {
        vm.expectRevert(IKeyRegistrar.InvalidPermissions.selector);
        kr.configureOperatorSet(_set(3), IKeyRegistrar.CurveType.BN254);
        vm.startPrank(avs);
        vm.expectRevert(IKeyRegistrar.ConfigurationAlreadySet.selector);
        kr.configureOperatorSet(_set(1), IKeyRegistrar.CurveType.ECDSA);
        vm.expectRevert(IKeyRegistrar.InvalidCurveType.selector);
        kr.configureOperatorSet(_set(3), IKeyRegistrar.CurveType.NONE);
        vm.stopPrank();
        vm.prank(operator);
        vm.expectRevert(IKeyRegistrar.OperatorSetNotConfigured.selector);
        kr.registerKey(operator, _set(3), "", "");
    }

    function _keyData(uint256 i) private view returns (bytes memory) {
        return kr.encodeBN254KeyData(_g1Key(i), _g2Key(i));
    }

    function _hash(address who, bytes memory keyData) private view returns (bytes32) {
        return kr.getBN254KeyRegistrationMessageHash(who, _set(1), keyData);
    }

    function _proof(uint256 i, address who, bytes memory keyData) private view returns (bytes memory) {
        return abi.encode(_signBN254(i, _hash(who, keyData)));
    }

    function _register(address who, bytes memory keyData, bytes memory proof) private {
        vm.prank(who);
        kr.registerKey(who, _set(1), keyData, proof);
    }

    function _refused(bytes memory keyData, bytes memory proof, bytes4 reason) private {
        vm.prank(operator);
        vm.expectRevert(reason);
        kr.registerKey(operator, _set(1), keyData, proof);
    }
}
