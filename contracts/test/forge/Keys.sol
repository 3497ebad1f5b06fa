// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {BN254} from "src/restaking/libraries/BN254.sol";
import {TestBase} from "./Vm.sol";

/// @notice BN254 keys of test operators, signatures, and sums in G2, for which the EVM has no precompile.
abstract contract Keys is TestBase {
    uint256[] internal _secrets;
    uint256[] private _g2;

    function _loadKeys() internal {
        string memory json = vm.readFile("test/forge/vectors/bn254-keys.json");
        _secrets = vm.parseJsonUintArray(json, ".secrets");
        _g2 = vm.parseJsonUintArray(json, ".g2");
    }

    function _g1Key(uint256 i) internal view returns (BN254.G1Point memory) {
        return BN254.mul(BN254.generatorG1(), _secrets[i]);
    }

    function _g2Key(uint256 i) internal view returns (BN254.G2Point memory) {
        return BN254.G2Point([_g2[4 * i], _g2[4 * i + 1]], [_g2[4 * i + 2], _g2[4 * i + 3]]);
    }

    function _signBN254(uint256 i, bytes32 messageHash) internal view returns (BN254.G1Point memory) {
        return BN254.mul(BN254.hashToG1(messageHash), _secrets[i]);
    }

    /// @dev The signature of all of `signers` over one hash: one multiplication by the sum of their secrets.
    function _signBN254(uint256[] memory signers, bytes32 messageHash)
        internal
        view
        returns (BN254.G1Point memory)
    {
        uint256 sum;
        for (uint256 i; i < signers.length; ++i) sum = addmod(sum, _secrets[signers[i]], BN254.R);
        return BN254.mul(BN254.hashToG1(messageHash), sum);
    }

    function _sumG2(uint256[] memory signers) internal view returns (BN254.G2Point memory sum) {
        for (uint256 i; i < signers.length; ++i) sum = _addG2(sum, _g2Key(signers[i]));
    }

    /// @dev Affine addition of different points; the zero point is (0, 0).
    function _addG2(BN254.G2Point memory a, BN254.G2Point memory b) internal view returns (BN254.G2Point memory) {
        if (a.X[0] == 0 && a.X[1] == 0) return b;
        uint256[2] memory slope = _mul2(_sub2(b.Y, a.Y), _inverse2(_sub2(b.X, a.X)));
        uint256[2] memory x = _sub2(_sub2(_mul2(slope, slope), a.X), b.X);
        return BN254.G2Point(x, _sub2(_mul2(slope, _sub2(a.X, x)), a.Y));
    }

    /// @dev Elements of the extension are [imaginary, real].
    function _mul2(uint256[2] memory a, uint256[2] memory b) private pure returns (uint256[2] memory) {
        uint256 P = BN254.P;
        uint256 imaginary = addmod(mulmod(a[0], b[1], P), mulmod(a[1], b[0], P), P);
        return [imaginary, addmod(mulmod(a[1], b[1], P), P - mulmod(a[0], b[0], P), P)];
    }

    function _sub2(uint256[2] memory a, uint256[2] memory b) private pure returns (uint256[2] memory) {
        return [addmod(a[0], BN254.P - b[0], BN254.P), addmod(a[1], BN254.P - b[1], BN254.P)];
    }

    function _inverse2(uint256[2] memory a) private view returns (uint256[2] memory) {
        uint256 P = BN254.P;
        uint256 norm = addmod(mulmod(a[0], a[0], P), mulmod(a[1], a[1], P), P);
        (, bytes memory out) = address(5).staticcall(abi.encode(32, 32, 32, norm, P - 2, P));
        uint256 inverse = abi.decode(out, (uint256));
        return [mulmod(P - a[0], inverse, P), mulmod(a[1], inverse, P)];
    }
}
