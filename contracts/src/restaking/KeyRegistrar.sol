// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/utils/cryptography/SignatureChecker.sol";
import {DevelopmentChain} from "./DevelopmentChain.sol";
import {IAllocationManager} from "./interfaces/IAllocationManager.sol";
import {IKeyRegistrar} from "./interfaces/IKeyRegistrar.sol";
import {OperatorSet, OperatorSetLib} from "./interfaces/OperatorSet.sol";
import {BN254} from "./libraries/BN254.sol";
import {PermissionCheck} from "./PermissionCheck.sol";

/// @title KeyRegistrar
contract KeyRegistrar is IKeyRegistrar, PermissionCheck, EIP712, DevelopmentChain {
    using OperatorSetLib for OperatorSet;

    struct Key {
        bool registered;
        bytes data;
    }

    bytes32 private constant ECDSA_TYPEHASH =
        keccak256("ECDSAKeyRegistration(address operator,address avs,uint32 operatorSetId,address keyAddress)");
    bytes32 private constant BN254_TYPEHASH =
        keccak256("BN254KeyRegistration(address operator,address avs,uint32 operatorSetId,bytes keyData)");

    IAllocationManager public immutable allocationManager;

    mapping(bytes32 setKey => CurveType) private _curves;
    mapping(bytes32 setKey => mapping(address operator => Key)) private _keys;
    mapping(bytes32 keyHash => address) private _operatorOfKey;

    constructor(address permissionController_, address allocationManager_)
        PermissionCheck(permissionController_)
        EIP712("EigenLayer", "1")
    {
        allocationManager = IAllocationManager(allocationManager_);
    }

    /// @inheritdoc IKeyRegistrar
    function configureOperatorSet(OperatorSet calldata operatorSet, CurveType curveType) external {
        if (!_canCall(operatorSet.avs)) revert InvalidPermissions();
        if (curveType == CurveType.NONE) revert InvalidCurveType();
        bytes32 setKey = operatorSet.key();
        if (_curves[setKey] != CurveType.NONE) revert ConfigurationAlreadySet();
        _curves[setKey] = curveType;
        emit OperatorSetConfigured(operatorSet, curveType);
    }

    /// @inheritdoc IKeyRegistrar
    function registerKey(
        address operator,
        OperatorSet calldata operatorSet,
        bytes calldata keyData,
        bytes calldata signature
    ) external {
        if (!_canCall(operator)) revert InvalidPermissions();
        bytes32 setKey = operatorSet.key();
        CurveType curve = _curves[setKey];
        if (curve == CurveType.NONE) revert OperatorSetNotConfigured();
        if (_keys[setKey][operator].registered) revert OperatorAlreadyRegistered();
        if (curve == CurveType.ECDSA) _checkECDSA(operator, operatorSet, keyData, signature);
        else _checkBN254(operator, operatorSet, keyData, signature);
        bytes32 keyHash = _hashOf(curve, keyData);
        if (_operatorOfKey[keyHash] != address(0)) revert KeyAlreadyRegistered();

        _operatorOfKey[keyHash] = operator;
        _keys[setKey][operator] = Key({registered: true, data: keyData});
        emit KeyRegistered(operatorSet, operator, curve, keyData);
    }

    /// @inheritdoc IKeyRegistrar
    function deregisterKey(address operator, OperatorSet calldata operatorSet) external {
        if (!_canCall(operator)) revert InvalidPermissions();
        if (allocationManager.isOperatorSlashable(operator, operatorSet)) {
            revert OperatorStillSlashable(operatorSet, operator);
        }
        bytes32 setKey = operatorSet.key();
        CurveType curve = _curves[setKey];
        if (curve == CurveType.NONE) revert OperatorSetNotConfigured();
        if (!_keys[setKey][operator].registered) revert KeyNotFound(operatorSet, operator);
        delete _keys[setKey][operator];
        emit KeyDeregistered(operatorSet, operator, curve);
    }

    /// @inheritdoc IKeyRegistrar
    function isRegistered(OperatorSet calldata operatorSet, address operator) external view returns (bool) {
        return _keys[operatorSet.key()][operator].registered;
    }

    /// @inheritdoc IKeyRegistrar
    function getOperatorSetCurveType(OperatorSet calldata operatorSet) external view returns (CurveType) {
        return _curves[operatorSet.key()];
    }

    /// @inheritdoc IKeyRegistrar
    function getBN254Key(OperatorSet calldata operatorSet, address operator)
        external
        view
        returns (BN254.G1Point memory g1Point, BN254.G2Point memory g2Point)
    {
        bytes32 setKey = operatorSet.key();
        if (_curves[setKey] != CurveType.BN254) revert InvalidCurveType();
        bytes memory data = _keys[setKey][operator].data;
        if (data.length != 0) (g1Point, g2Point) = abi.decode(data, (BN254.G1Point, BN254.G2Point));
    }

    /// @inheritdoc IKeyRegistrar
    function getECDSAAddress(OperatorSet calldata operatorSet, address operator) external view returns (address) {
        return address(bytes20(getECDSAKey(operatorSet, operator)));
    }

    /// @inheritdoc IKeyRegistrar
    function getECDSAKey(OperatorSet calldata operatorSet, address operator) public view returns (bytes memory) {
        bytes32 setKey = operatorSet.key();
        if (_curves[setKey] != CurveType.ECDSA) revert InvalidCurveType();
        return _keys[setKey][operator].data;
    }

    /// @inheritdoc IKeyRegistrar
    function isKeyGloballyRegistered(bytes32 keyHash) external view returns (bool) {
        return _operatorOfKey[keyHash] != address(0);
    }

    /// @inheritdoc IKeyRegistrar
    function getKeyHash(OperatorSet calldata operatorSet, address operator) external view returns (bytes32) {
        bytes32 setKey = operatorSet.key();
        Key storage key = _keys[setKey][operator];
        return key.registered ? _hashOf(_curves[setKey], key.data) : bytes32(0);
    }

    /// @inheritdoc IKeyRegistrar
    function getOperatorFromSigningKey(OperatorSet calldata operatorSet, bytes calldata keyData)
        external
        view
        returns (address operator, bool registered)
    {
        bytes32 setKey = operatorSet.key();
        CurveType curve = _curves[setKey];
        if (curve == CurveType.NONE) revert OperatorSetNotConfigured();
        operator = _operatorOfKey[_hashOf(curve, keyData)];
        Key storage key = _keys[setKey][operator];
        registered = key.registered && keccak256(key.data) == keccak256(keyData);
    }

    /// @inheritdoc IKeyRegistrar
    function getECDSAKeyRegistrationMessageHash(
        address operator,
        OperatorSet memory operatorSet,
        address keyAddress
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(ECDSA_TYPEHASH, operator, operatorSet.avs, operatorSet.id, keyAddress))
        );
    }

    /// @inheritdoc IKeyRegistrar
    function getBN254KeyRegistrationMessageHash(
        address operator,
        OperatorSet memory operatorSet,
        bytes calldata keyData
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(BN254_TYPEHASH, operator, operatorSet.avs, operatorSet.id, keccak256(keyData)))
        );
    }

    /// @inheritdoc IKeyRegistrar
    function encodeBN254KeyData(BN254.G1Point calldata g1Point, BN254.G2Point calldata g2Point)
        external
        pure
        returns (bytes memory)
    {
        return abi.encode(g1Point, g2Point);
    }

    /// @inheritdoc IKeyRegistrar
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IKeyRegistrar
    function version() external pure returns (string memory) {
        return "1.12.0-altlayer";
    }

    function _checkECDSA(
        address operator,
        OperatorSet calldata operatorSet,
        bytes calldata keyData,
        bytes calldata signature
    ) private view {
        if (keyData.length != 20) revert InvalidKeyFormat();
        address keyAddress = address(bytes20(keyData));
        if (keyAddress == address(0)) revert ZeroPubkey();
        bytes32 digest = getECDSAKeyRegistrationMessageHash(operator, operatorSet, keyAddress);
        if (!SignatureChecker.isValidSignatureNow(keyAddress, digest, signature)) revert InvalidSignature();
    }

    /// @dev One pairing proves possession, and that both points belong to one secret.
    function _checkBN254(
        address operator,
        OperatorSet calldata operatorSet,
        bytes calldata keyData,
        bytes calldata signature
    ) private view {
        if (keyData.length != 192) revert InvalidKeyFormat();
        if (signature.length != 64) revert InvalidSignature();
        (BN254.G1Point memory g1, BN254.G2Point memory g2) = abi.decode(keyData, (BN254.G1Point, BN254.G2Point));
        // A coordinate above the field's order would be a second name of the same point; the precompile refuses it.
        if (BN254.isZero(g1)) revert ZeroPubkey();
        bytes32 digest = getBN254KeyRegistrationMessageHash(operator, operatorSet, keyData);
        BN254.G1Point memory sigma = abi.decode(signature, (BN254.G1Point));
        if (!BN254.verifyAggregate(digest, g1, g2, sigma)) revert InvalidSignature();
    }

    /// @dev ECDSA: of the address. BN254: of the point in G1.
    function _hashOf(CurveType curve, bytes memory keyData) private pure returns (bytes32) {
        if (curve == CurveType.ECDSA) return keccak256(keyData);
        (uint256 x, uint256 y) = abi.decode(keyData, (uint256, uint256));
        return keccak256(abi.encode(x, y));
    }
}
