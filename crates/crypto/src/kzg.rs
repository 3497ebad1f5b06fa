//! KZG commitments and proofs of blobs, over Ethereum's trusted setup (EIP-4844, EIP-7594).
//!
//! The setup ships with `c-kzg` and is loaded once, on first use (tens of milliseconds).

use c_kzg::{Blob, Bytes48, KzgSettings};
use sha2::{Digest, Sha256};

pub const BYTES_PER_BLOB: usize = c_kzg::BYTES_PER_BLOB;
pub const CELLS_PER_EXT_BLOB: usize = c_kzg::CELLS_PER_EXT_BLOB;

/// First byte of a blob's versioned hash (EIP-4844 `VERSIONED_HASH_VERSION_KZG`).
pub const VERSIONED_HASH_VERSION: u8 = 1;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KzgError {
    #[error("{what} must have {expected} bytes, found {found}")]
    Length { what: &'static str, expected: usize, found: usize },
    #[error("{what} is invalid: {reason}")]
    Invalid { what: &'static str, reason: String },
}

impl KzgError {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "KZG_LENGTH",
            Self::Invalid { .. } => "KZG_INVALID",
        }
    }
}

/// A blob with all that a transaction's sidecar needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobCommitment {
    pub commitment: [u8; 48],
    pub proof: [u8; 48],
    pub versioned_hash: [u8; 32],
}

fn settings() -> &'static KzgSettings {
    // Without precomputation: 8 MB of tables would speed up cell proofs only, and few nodes make those.
    c_kzg::ethereum_kzg_settings(0)
}

fn blob(bytes: &[u8]) -> Result<Box<Blob>, KzgError> {
    if bytes.len() != BYTES_PER_BLOB {
        return Err(KzgError::Length { what: "blob", expected: BYTES_PER_BLOB, found: bytes.len() });
    }
    Blob::from_bytes(bytes).map(Box::new).map_err(invalid("blob"))
}

fn bytes48(what: &'static str, bytes: &[u8]) -> Result<Bytes48, KzgError> {
    Bytes48::from_bytes(bytes).map_err(|_| KzgError::Length { what, expected: 48, found: bytes.len() })
}

fn invalid(what: &'static str) -> impl Fn(c_kzg::Error) -> KzgError {
    move |error| KzgError::Invalid { what, reason: error.to_string() }
}

/// The blob's commitment. A blob whose field elements are not canonical is invalid.
pub fn commit(bytes: &[u8]) -> Result<[u8; 48], KzgError> {
    let commitment = settings().blob_to_kzg_commitment(&*blob(bytes)?).map_err(invalid("blob"))?;
    Ok(commitment.to_bytes().into_inner())
}

/// EIP-4844 proof that the commitment is the blob's.
pub fn prove(bytes: &[u8], commitment: &[u8]) -> Result<[u8; 48], KzgError> {
    let commitment = bytes48("commitment", commitment)?;
    let proof =
        settings().compute_blob_kzg_proof(&*blob(bytes)?, &commitment).map_err(invalid("blob or commitment"))?;
    Ok(proof.to_bytes().into_inner())
}

/// Commitment, proof and versioned hash at once.
pub fn seal(bytes: &[u8]) -> Result<BlobCommitment, KzgError> {
    let commitment = commit(bytes)?;
    let proof = prove(bytes, &commitment)?;
    Ok(BlobCommitment { commitment, proof, versioned_hash: versioned_hash(&commitment) })
}

/// Whether the proof shows that the commitment is the blob's. Malformed points are an error, wrong ones `false`.
pub fn verify(bytes: &[u8], commitment: &[u8], proof: &[u8]) -> Result<bool, KzgError> {
    let (commitment, proof) = (bytes48("commitment", commitment)?, bytes48("proof", proof)?);
    settings().verify_blob_kzg_proof(&*blob(bytes)?, &commitment, &proof).map_err(invalid("blob, commitment or proof"))
}

/// EIP-7594: the proofs of all 128 cells of the extended blob, one after the other.
pub fn prove_cells(bytes: &[u8]) -> Result<Vec<u8>, KzgError> {
    let (_, proofs) = settings().compute_cells_and_kzg_proofs(&*blob(bytes)?).map_err(invalid("blob"))?;
    Ok(proofs.iter().flat_map(|proof| proof.to_bytes().into_inner()).collect())
}

/// EIP-7594: whether `proofs` (as [`prove_cells`] gives them) are those of the blob's cells under the commitment.
pub fn verify_cells(bytes: &[u8], commitment: &[u8], proofs: &[u8]) -> Result<bool, KzgError> {
    let expected = CELLS_PER_EXT_BLOB * 48;
    if proofs.len() != expected {
        return Err(KzgError::Length { what: "cell proofs", expected, found: proofs.len() });
    }
    let commitment = bytes48("commitment", commitment)?;
    let proofs = proofs.chunks(48).map(|proof| bytes48("cell proof", proof)).collect::<Result<Vec<_>, _>>()?;
    let cells = settings().compute_cells(&*blob(bytes)?).map_err(invalid("blob"))?;
    let indices: Vec<u64> = (0..CELLS_PER_EXT_BLOB as u64).collect();
    settings()
        .verify_cell_kzg_proof_batch(&vec![commitment; CELLS_PER_EXT_BLOB], &indices, cells.as_slice(), &proofs)
        .map_err(invalid("commitment or cell proofs"))
}

/// What a blob transaction names the blob by: the commitment's SHA-256 under a version byte.
pub fn versioned_hash(commitment: &[u8; 48]) -> [u8; 32] {
    let mut hash: [u8; 32] = Sha256::digest(commitment).into();
    hash[0] = VERSIONED_HASH_VERSION;
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Vec<u8> {
        let mut bytes = vec![0u8; BYTES_PER_BLOB];
        for (index, element) in bytes.chunks_mut(32).enumerate() {
            element[31] = index as u8;
            element[1] = (index >> 8) as u8;
        }
        bytes
    }

    #[test]
    fn proofs_verify_and_wrong_ones_do_not() {
        let bytes = example();
        let sealed = seal(&bytes).unwrap();
        assert!(verify(&bytes, &sealed.commitment, &sealed.proof).unwrap());
        let mut other = bytes.clone();
        other[31] ^= 1;
        assert!(!verify(&other, &sealed.commitment, &sealed.proof).unwrap());
        assert_eq!(sealed.versioned_hash[0], 1);
    }

    #[test]
    fn commits_to_zero_as_the_point_at_infinity() {
        let sealed = seal(&vec![0; BYTES_PER_BLOB]).unwrap();
        let mut infinity = [0; 48];
        infinity[0] = 0xc0;
        assert_eq!(sealed.commitment, infinity);
        assert_eq!(sealed.proof, infinity);
        // The versioned hash of the zero blob, as EIP-4844 clients know it.
        let hex: String = sealed.versioned_hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014");
    }

    #[test]
    fn cell_proofs_verify_and_swapped_ones_do_not() {
        let bytes = example();
        let commitment = commit(&bytes).unwrap();
        let mut proofs = prove_cells(&bytes).unwrap();
        assert!(verify_cells(&bytes, &commitment, &proofs).unwrap());
        proofs[..96].rotate_left(48);
        assert!(!verify_cells(&bytes, &commitment, &proofs).unwrap());
    }

    #[test]
    fn malformed_input_is_a_typed_error() {
        assert!(matches!(commit(&[0; 3]), Err(KzgError::Length { what: "blob", .. })));
        assert!(matches!(commit(&vec![0xff; BYTES_PER_BLOB]), Err(KzgError::Invalid { .. })));
        let bytes = example();
        assert!(matches!(prove(&bytes, &[1; 48]), Err(KzgError::Invalid { .. })));
        assert!(matches!(verify(&bytes, &[0; 47], &[0; 48]), Err(KzgError::Length { what: "commitment", .. })));
        assert!(matches!(verify_cells(&bytes, &[0; 48], &[]), Err(KzgError::Length { .. })));
    }
}
