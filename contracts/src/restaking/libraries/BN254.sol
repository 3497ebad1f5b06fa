// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title BN254
/// @notice Points, pairing and hashing on BN254 (EIP-196, EIP-197), by the precompiles. Keys are in both groups,
///         signatures in G1. The precompiles check that points lie on the curve, and in G2 that they are in the
///         subgroup; G1 has no other subgroup.
/// @dev    Every call of a precompile passes all gas and turns failure into a typed error or a `false`: prices of
///         precompiles change with forks, so none is written down here.
library BN254 {
    struct G1Point {
        uint256 X;
        uint256 Y;
    }

    /// @notice Coordinates in the precompile's order: [imaginary, real].
    struct G2Point {
        uint256[2] X;
        uint256[2] Y;
    }

    /// @notice Order of the field.
    uint256 internal constant P = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
    /// @notice Order of the groups.
    uint256 internal constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// @dev (P + 1) / 4, the exponent of square roots, P being 3 mod 4.
    uint256 private constant SQRT_EXPONENT = 0x0c19139cb84c680a6e14116da060561765e05aa45a1c72a34f082305b61f3f52;

    /// @notice A point is not on the curve.
    error PointNotOnCurve();

    function generatorG1() internal pure returns (G1Point memory) {
        return G1Point(1, 2);
    }

    /// @notice The negative of G2's generator.
    function negGeneratorG2() internal pure returns (G2Point memory) {
        return G2Point(
            [
                11559732032986387107991004021392285783925812861821192530917403151452391805634,
                10857046999023057135944570762232829481370756359578518086990519993285655852781
            ],
            [
                17805874995975841540914202342111839520379459829704422454583296818431106115052,
                13392588948715843804641432497768002650278120570034223513918757245338268106653
            ]
        );
    }

    function isZero(G1Point memory p) internal pure returns (bool) {
        return p.X == 0 && p.Y == 0;
    }

    function negate(G1Point memory p) internal pure returns (G1Point memory) {
        return isZero(p) ? p : G1Point(p.X, P - (p.Y % P));
    }

    /// @notice p1 + p2.
    /// @dev    Reverts with PointNotOnCurve.
    function add(G1Point memory p1, G1Point memory p2) internal view returns (G1Point memory r) {
        bool success;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, p1, 0x40)
            mcopy(add(input, 0x40), p2, 0x40)
            success := staticcall(gas(), 0x06, input, 0x80, r, 0x40)
        }
        if (!success) revert PointNotOnCurve();
    }

    /// @notice Adds a point in calldata to `sum`, in place.
    /// @dev    Reverts with PointNotOnCurve.
    function accumulate(G1Point memory sum, G1Point calldata p) internal view {
        bool success;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, sum, 0x40)
            calldatacopy(add(input, 0x40), p, 0x40)
            success := staticcall(gas(), 0x06, input, 0x80, sum, 0x40)
        }
        if (!success) revert PointNotOnCurve();
    }

    /// @notice s * p.
    /// @dev    Reverts with PointNotOnCurve.
    function mul(G1Point memory p, uint256 s) internal view returns (G1Point memory r) {
        bool success;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, p, 0x40)
            mstore(add(input, 0x40), s)
            success := staticcall(gas(), 0x07, input, 0x60, r, 0x40)
        }
        if (!success) revert PointNotOnCurve();
    }

    /// @notice Whether e(a1, a2) * e(b1, b2) = 1; false as well when a point is invalid.
    function pairing(G1Point memory a1, G2Point memory a2, G1Point memory b1, G2Point memory b2)
        internal
        view
        returns (bool)
    {
        uint256[12] memory input = [
            a1.X, a1.Y, a2.X[0], a2.X[1], a2.Y[0], a2.Y[1],
            b1.X, b1.Y, b2.X[0], b2.X[1], b2.Y[0], b2.Y[1]
        ];
        bool success;
        uint256[1] memory out;
        assembly ("memory-safe") {
            success := staticcall(gas(), 0x08, input, 0x180, out, 0x20)
        }
        return success && out[0] == 1;
    }

    /// @notice A point of G1 from a message hash: the first x from the hash upwards that has a y.
    /// @dev    Not collision resistant by itself: pass the hash of a message, never the message.
    function hashToG1(bytes32 messageHash) internal view returns (G1Point memory) {
        uint256 x = uint256(messageHash) % P;
        while (true) {
            uint256 beta = addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
            uint256 y = _sqrt(beta);
            if (mulmod(y, y, P) == beta) return G1Point(x, y);
            x = addmod(x, 1, P);
        }
        revert PointNotOnCurve();
    }

    /// @notice Verifies an aggregate: `signature` over hash-to-curve of `messageHash`, under the sum of the signers'
    ///         keys, given in both groups. One pairing proves that both sums match and that all of them signed.
    function verifyAggregate(
        bytes32 messageHash,
        G1Point memory apkG1,
        G2Point memory apkG2,
        G1Point memory signature
    ) internal view returns (bool) {
        if (isZero(apkG1)) return false;
        uint256 gamma = uint256(keccak256(abi.encode(messageHash, apkG1, apkG2, signature))) % R;
        return pairing(
            add(signature, mul(apkG1, gamma)),
            negGeneratorG2(),
            add(hashToG1(messageHash), mul(generatorG1(), gamma)),
            apkG2
        );
    }

    /// @notice Verifies two signatures under one key with one pairing, weighing the second by a random scalar.
    function verifyTwo(
        bytes32 firstHash,
        bytes32 secondHash,
        G1Point memory keyG1,
        G2Point memory keyG2,
        G1Point memory first,
        G1Point memory second
    ) internal view returns (bool) {
        if (isZero(keyG1)) return false;
        bytes32 seed = keccak256(abi.encode(firstHash, secondHash, keyG1, keyG2, first, second));
        uint256 gamma = uint256(seed) % R;
        uint256 rho = uint256(keccak256(abi.encode(seed))) % R;
        G1Point memory signatures = add(add(first, mul(second, rho)), mul(keyG1, gamma));
        G1Point memory hashes =
            add(add(hashToG1(firstHash), mul(hashToG1(secondHash), rho)), mul(generatorG1(), gamma));
        return pairing(signatures, negGeneratorG2(), hashes, keyG2);
    }

    /// @dev beta^((P+1)/4), by the modular exponentiation precompile (0x05).
    function _sqrt(uint256 beta) private view returns (uint256 y) {
        uint256[6] memory input = [32, 32, 32, beta, SQRT_EXPONENT, P];
        assembly ("memory-safe") {
            if iszero(staticcall(gas(), 0x05, input, 0xc0, input, 0x20)) { revert(0, 0) }
            y := mload(input)
        }
    }
}
