//! Signatures of Ethereum accounts: what a sequencer puts on its slices and blocks, and what followers check.

use alloy_primitives::keccak256;
use secp256k1::{
    Message, SECP256K1, SecretKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};

pub const SECRET_BYTES: usize = 32;
pub const DIGEST_BYTES: usize = 32;
/// r, s and the recovery id (0 or 1).
pub const SIGNATURE_BYTES: usize = 65;
pub const ADDRESS_BYTES: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Secp256k1Error {
    #[error("{what} must have {expected} bytes, found {found}")]
    Length { what: &'static str, expected: usize, found: usize },
    #[error("a secret key is between 1 and the group's order")]
    Secret,
    #[error("the signature is not one that a key makes")]
    Signature,
}

impl Secp256k1Error {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "SECP256K1_LENGTH",
            Self::Secret => "SECP256K1_SECRET",
            Self::Signature => "SECP256K1_SIGNATURE",
        }
    }
}

fn sized<const N: usize>(what: &'static str, bytes: &[u8]) -> Result<[u8; N], Secp256k1Error> {
    bytes.try_into().map_err(|_| Secp256k1Error::Length { what, expected: N, found: bytes.len() })
}

/// Signs a digest, with the nonce of RFC 6979 and the lower s: the same input gives the same signature everywhere.
pub fn sign(secret: &[u8], digest: &[u8]) -> Result<[u8; SIGNATURE_BYTES], Secp256k1Error> {
    let secret = SecretKey::from_byte_array(sized::<SECRET_BYTES>("secret", secret)?);
    let secret = secret.map_err(|_| Secp256k1Error::Secret)?;
    let digest = Message::from_digest(sized::<DIGEST_BYTES>("digest", digest)?);
    let (id, compact) = SECP256K1.sign_ecdsa_recoverable(digest, &secret).serialize_compact();
    let mut signature = [0; SIGNATURE_BYTES];
    signature[..64].copy_from_slice(&compact);
    signature[64] = i32::from(id) as u8;
    Ok(signature)
}

/// The address whose key made the signature. Recovery ids above 1 belong to no signature that Ethereum knows.
pub fn recover(digest: &[u8], signature: &[u8]) -> Result<[u8; ADDRESS_BYTES], Secp256k1Error> {
    let digest = Message::from_digest(sized::<DIGEST_BYTES>("digest", digest)?);
    let signature = sized::<SIGNATURE_BYTES>("signature", signature)?;
    let id = match signature[64] {
        0 => RecoveryId::Zero,
        1 => RecoveryId::One,
        _ => return Err(Secp256k1Error::Signature),
    };
    let signature = RecoverableSignature::from_compact(&signature[..64], id).map_err(|_| Secp256k1Error::Signature)?;
    let key = SECP256K1.recover_ecdsa(digest, &signature).map_err(|_| Secp256k1Error::Signature)?;
    let hash = keccak256(&key.serialize_uncompressed()[1..]);
    let mut address = [0; ADDRESS_BYTES];
    address.copy_from_slice(&hash[12..]);
    Ok(address)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;

    use super::*;

    /// The key whose address every development chain knows.
    const SECRET: [u8; 32] = hex!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
    const ADDRESS: [u8; 20] = hex!("f39fd6e51aad88f6f4ce6ab8827279cfffb92266");

    #[test]
    fn a_signature_recovers_to_its_key_and_digest_only() {
        for byte in 0..32 {
            let digest = [byte; 32];
            let signature = sign(&SECRET, &digest).unwrap();
            assert!(signature[32] < 0x80, "s is the lower one");
            assert_eq!(recover(&digest, &signature), Ok(ADDRESS));
            assert_ne!(recover(&[byte + 1; 32], &signature), Ok(ADDRESS));
            let mut other = signature;
            other[64] ^= 1;
            assert_ne!(recover(&digest, &other), Ok(ADDRESS));
        }
    }

    #[test]
    fn what_is_no_key_digest_or_signature_is_refused() {
        let signature = sign(&SECRET, &[1; 32]).unwrap();
        assert_eq!(sign(&[0; 32], &[1; 32]), Err(Secp256k1Error::Secret));
        assert_eq!(sign(&[0xff; 32], &[1; 32]), Err(Secp256k1Error::Secret));
        assert!(matches!(sign(&SECRET[1..], &[1; 32]), Err(Secp256k1Error::Length { what: "secret", .. })));
        assert!(matches!(sign(&SECRET, &[1; 31]), Err(Secp256k1Error::Length { what: "digest", .. })));
        assert!(matches!(recover(&[1; 32], &signature[1..]), Err(Secp256k1Error::Length { what: "signature", .. })));
        for id in [2, 3, 27, 28] {
            let mut other = signature;
            other[64] = id;
            assert_eq!(recover(&[1; 32], &other), Err(Secp256k1Error::Signature));
        }
        assert_eq!(recover(&[1; 32], &[0; 65]), Err(Secp256k1Error::Signature));
    }
}
