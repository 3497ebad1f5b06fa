// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {OperatorSet} from "./OperatorSet.sol";
import {BN254} from "../libraries/BN254.sol";

/// @title IKeyRegistrar
/// @notice Signing keys of operators, one per operator and set, each proven by a signature of its own.
/// @dev    A key is used once: its hash is taken for ever, over all AVSs and sets, even after deregistration.
interface IKeyRegistrar {
    enum CurveType {
        NONE,
        ECDSA,
        BN254
    }

    event KeyRegistered(
        OperatorSet operatorSet, address indexed operator, CurveType curveType, bytes pubkey
    );
    event KeyDeregistered(OperatorSet operatorSet, address indexed operator, CurveType curveType);
    event OperatorSetConfigured(OperatorSet operatorSet, CurveType curveType);

    error InvalidCurveType();
    error ConfigurationAlreadySet();
    error OperatorSetNotConfigured();
    error KeyAlreadyRegistered();
    error KeyNotFound(OperatorSet operatorSet, address operator);
    error OperatorAlreadyRegistered();
    error OperatorStillSlashable(OperatorSet operatorSet, address operator);
    error InvalidKeyFormat();
    error InvalidSignature();
    error ZeroPubkey();
    error InvalidPermissions();

    /// @notice Fixes the curve of a set, once. Only the AVS.
    function configureOperatorSet(OperatorSet calldata operatorSet, CurveType curveType) external;

    /// @notice Registers a key with its proof of possession. Only the operator or who may call for it.
    /// @param keyData   ECDSA: the 20 bytes of the address. BN254: `encodeBN254KeyData`.
    /// @param signature Over the registration hash, by that key. BN254: the G1 point, 64 bytes.
    function registerKey(
        address operator,
        OperatorSet calldata operatorSet,
        bytes calldata keyData,
        bytes calldata signature
    ) external;

    /// @notice Removes a key, once the set cannot slash the operator any more.
    function deregisterKey(address operator, OperatorSet calldata operatorSet) external;

    function isRegistered(OperatorSet calldata operatorSet, address operator) external view returns (bool);

    function getOperatorSetCurveType(OperatorSet calldata operatorSet) external view returns (CurveType);

    function getBN254Key(OperatorSet calldata operatorSet, address operator)
        external
        view
        returns (BN254.G1Point memory g1Point, BN254.G2Point memory g2Point);

    function getECDSAAddress(OperatorSet calldata operatorSet, address operator) external view returns (address);

    function getECDSAKey(OperatorSet calldata operatorSet, address operator) external view returns (bytes memory);

    function isKeyGloballyRegistered(bytes32 keyHash) external view returns (bool);

    function getKeyHash(OperatorSet calldata operatorSet, address operator) external view returns (bytes32);

    /// @notice The operator of a key, and whether it is still this set's key.
    function getOperatorFromSigningKey(OperatorSet calldata operatorSet, bytes calldata keyData)
        external
        view
        returns (address operator, bool registered);

    function getECDSAKeyRegistrationMessageHash(
        address operator,
        OperatorSet calldata operatorSet,
        address keyAddress
    ) external view returns (bytes32);

    function getBN254KeyRegistrationMessageHash(
        address operator,
        OperatorSet calldata operatorSet,
        bytes calldata keyData
    ) external view returns (bytes32);

    function encodeBN254KeyData(BN254.G1Point calldata g1Point, BN254.G2Point calldata g2Point)
        external
        pure
        returns (bytes memory);

    function domainSeparator() external view returns (bytes32);

    function version() external view returns (string memory);
}
