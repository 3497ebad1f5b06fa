//! BLS signatures on BN254 as EigenLayer's KeyRegistrar has them: signatures in G1, keys in both groups,
//! try-and-increment hashing (docs/spec/mach.md, section 7).
//!
//! Points are bytes in the order of the EVM's precompiles (EIP-196, EIP-197): G1 `x | y`, G2 `x.im | x.re | y.im | y.re`.
//! What comes from outside is checked: canonical coordinates, on the curve, in the subgroup, not infinity.
//! The arithmetic does not run in constant time: sign where no stranger can measure it.

use std::sync::LazyLock;

use alloy_primitives::{U512, keccak256};
use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, pairing::Pairing};
use ark_ff::{AdditiveGroup, BigInteger, Field, One, PrimeField, Zero};

pub const SECRET_BYTES: usize = 32;
pub const DIGEST_BYTES: usize = 32;
pub const G1_BYTES: usize = 64;
pub const G2_BYTES: usize = 128;
/// A seed below this has too little entropy to be a key.
pub const MIN_SEED_BYTES: usize = 32;

const DERIVATION: &[u8] = b"AltLayer BN254 key derivation v1";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Bn254Error {
    #[error("{what} must have {expected} bytes, found {found}")]
    Length { what: &'static str, expected: usize, found: usize },
    #[error("{what}: a coordinate is not below the field's modulus")]
    NotCanonical { what: &'static str },
    #[error("{what} is the point at infinity")]
    Infinity { what: &'static str },
    #[error("{what} is not on the curve")]
    NotOnCurve { what: &'static str },
    #[error("{what} is not in the subgroup")]
    NotInSubgroup { what: &'static str },
    #[error("a secret key is between 1 and the group's order")]
    Secret,
    #[error("there is no key at position {position}: the set has {keys}")]
    Position { position: u32, keys: usize },
}

impl Bn254Error {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "BN254_LENGTH",
            Self::NotCanonical { .. } => "BN254_NOT_CANONICAL",
            Self::Infinity { .. } => "BN254_INFINITY",
            Self::NotOnCurve { .. } => "BN254_NOT_ON_CURVE",
            Self::NotInSubgroup { .. } => "BN254_NOT_IN_SUBGROUP",
            Self::Secret => "BN254_SECRET",
            Self::Position { .. } => "BN254_POSITION",
        }
    }
}

type Result<T> = core::result::Result<T, Bn254Error>;

type G2Prepared = <Bn254 as Pairing>::G2Prepared;

/// A secret of one operator in one set: KeyRegistrar burns keys, so each set gets its own from the same seed.
pub fn derive_secret(seed: &[u8], info: &[u8]) -> Result<[u8; SECRET_BYTES]> {
    if seed.len() < MIN_SEED_BYTES {
        return Err(Bn254Error::Length { what: "seed", expected: MIN_SEED_BYTES, found: seed.len() });
    }
    // 512 bits before the reduction: its bias is below 2^-256. The length of the seed separates it from the info.
    let half = |index: u8| keccak256([DERIVATION, &[index], &(seed.len() as u64).to_be_bytes(), seed, info].concat());
    let wide = U512::from_be_slice(&[half(0).as_slice(), half(1).as_slice()].concat());
    let secret = Fr::from_be_bytes_mod_order(&wide.to_be_bytes::<64>());
    if secret.is_zero() { Err(Bn254Error::Secret) } else { Ok(scalar_bytes(secret)) }
}

/// The keys in G1 and G2.
pub fn public_keys(secret: &[u8]) -> Result<([u8; G1_BYTES], [u8; G2_BYTES])> {
    let secret = parse_secret(secret)?;
    Ok((
        g1_bytes(&(G1Projective::generator() * secret).into_affine()),
        g2_bytes(&(G2Projective::generator() * secret).into_affine()),
    ))
}

pub fn sign(secret: &[u8], digest: &[u8]) -> Result<[u8; G1_BYTES]> {
    let secret = parse_secret(secret)?;
    Ok(g1_bytes(&(hash_point(&parse_digest(digest)?) * secret).into_affine()))
}

/// The digest's point. Not collision resistant over arbitrary strings, so that it takes hashes only.
pub fn hash_to_curve(digest: &[u8]) -> Result<[u8; G1_BYTES]> {
    Ok(g1_bytes(&hash_point(&parse_digest(digest)?)))
}

/// Whether the signature is that of the G2 key. Malformed points are an error, wrong ones `false`.
pub fn verify(key_g2: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool> {
    let (key, signature) = (parse_g2("key", key_g2)?, parse_g1("signature", signature)?);
    Ok(verified(&key, &hash_point(&parse_digest(digest)?), &signature))
}

/// The contracts' check: the signature is the key's, and the keys in G1 and G2 have one secret.
pub fn verify_with_both_keys(key_g1: &[u8], key_g2: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool> {
    let digest = parse_digest(digest)?;
    let key = parse_g1("G1 key", key_g1)?;
    let (sigma, g2) = (parse_g1("signature", signature)?, parse_g2("G2 key", key_g2)?);
    let gamma = Fr::from_be_bytes_mod_order(keccak256([&digest, key_g1, key_g2, signature].concat()).as_slice());
    let left = sigma + key * gamma;
    let right = hash_point(&digest) + G1Projective::generator() * gamma;
    Ok(pairs_to_one(&left.into_affine(), &right.into_affine(), &g2))
}

/// The sum of G1 points, each of 64 bytes: of signatures, or of keys. `None` where it is infinity.
pub fn sum_g1(points: &[u8]) -> Result<Option<[u8; G1_BYTES]>> {
    let points = parse_many(points, G1_BYTES, |bytes| parse_g1("point", bytes))?;
    let sum = points.iter().fold(G1Projective::ZERO, |sum, point| sum + point).into_affine();
    Ok((!sum.is_zero()).then(|| g1_bytes(&sum)))
}

/// The sum of G2 points, each of 128 bytes. `None` where it is infinity.
pub fn sum_g2(points: &[u8]) -> Result<Option<[u8; G2_BYTES]>> {
    let points = parse_many(points, G2_BYTES, |bytes| parse_g2("point", bytes))?;
    let sum = points.iter().fold(G2Projective::ZERO, |sum, point| sum + point).into_affine();
    Ok((!sum.is_zero()).then(|| g2_bytes(&sum)))
}

/// The G2 keys of a table, parsed and checked once: what an aggregator checks shares against.
#[derive(Debug, Clone)]
pub struct KeySet {
    keys: Vec<G2Affine>,
}

impl KeySet {
    /// From keys of 128 bytes, one after the other.
    pub fn parse(keys_g2: &[u8]) -> Result<Self> {
        Ok(Self { keys: parse_many(keys_g2, G2_BYTES, |bytes| parse_g2("key", bytes))? })
    }

    /// The sum of the keys at these positions: a certificate's aggregate key. `None` where it is infinity.
    pub fn sum(&self, positions: &[u32]) -> Result<Option<[u8; G2_BYTES]>> {
        let mut sum = G2Projective::ZERO;
        for position in positions {
            sum += self.key(*position)?;
        }
        let sum = sum.into_affine();
        Ok((!sum.is_zero()).then(|| g2_bytes(&sum)))
    }

    /// At which of the positions the signature on the digest is wrong: all are checked at once, and halves of what fails.
    ///
    /// A signature that does not parse is just wrong. Wrong ones that cancel each other pass together, as their sum is
    /// the sum of right ones: fit for a certificate over all of them. Check a signature by itself where it counts alone.
    pub fn invalid_signatures(&self, positions: &[u32], digest: &[u8], signatures: &[u8]) -> Result<Vec<u32>> {
        let expected = positions.len() * G1_BYTES;
        if signatures.len() != expected {
            return Err(Bn254Error::Length { what: "signatures", expected, found: signatures.len() });
        }
        let hash = hash_point(&parse_digest(digest)?);
        let mut wrong = Vec::new();
        let mut shares = Vec::with_capacity(positions.len());
        for (position, bytes) in positions.iter().zip(signatures.chunks(G1_BYTES)) {
            let key = self.key(*position)?;
            match parse_g1("signature", bytes) {
                Ok(signature) => shares.push((*position, key, signature)),
                Err(_) => wrong.push(*position),
            }
        }
        bisect(&shares, &hash, &mut wrong);
        wrong.sort_unstable();
        Ok(wrong)
    }

    fn key(&self, position: u32) -> Result<G2Affine> {
        let found = self.keys.get(position as usize).copied();
        found.ok_or(Bn254Error::Position { position, keys: self.keys.len() })
    }
}

fn bisect(shares: &[(u32, G2Affine, G1Affine)], hash: &G1Affine, wrong: &mut Vec<u32>) {
    if shares.is_empty() {
        return;
    }
    let key = shares.iter().fold(G2Projective::ZERO, |sum, (_, key, _)| sum + key).into_affine();
    let signature = shares.iter().fold(G1Projective::ZERO, |sum, (_, _, share)| sum + share).into_affine();
    if verified(&key, hash, &signature) {
        return;
    }
    if let [(index, ..)] = shares {
        wrong.push(*index);
        return;
    }
    let (left, right) = shares.split_at(shares.len() / 2);
    bisect(left, hash, wrong);
    bisect(right, hash, wrong);
}

/// e(signature, -G2) e(hash, key) = 1.
fn verified(key: &G2Affine, hash: &G1Affine, signature: &G1Affine) -> bool {
    pairs_to_one(signature, hash, key)
}

fn pairs_to_one(with_generator: &G1Affine, with_key: &G1Affine, key: &G2Affine) -> bool {
    static GENERATOR: LazyLock<G2Prepared> = LazyLock::new(|| (-G2Affine::generator()).into());
    Bn254::multi_pairing([*with_generator, *with_key], [GENERATOR.clone(), (*key).into()]).0.is_one()
}

/// x := digest mod p, and up until x^3 + 3 is a square; y is its power (p + 1) / 4. Two tries on average.
fn hash_point(digest: &[u8; DIGEST_BYTES]) -> G1Affine {
    // (p + 1) / 4: p is 3 modulo 4.
    let mut exponent = Fq::MODULUS;
    exponent.add_with_carry(&1u64.into());
    exponent >>= 2;
    let mut x = Fq::from_be_bytes_mod_order(digest);
    loop {
        let square = x.square() * x + Fq::from(3u64);
        let y = square.pow(exponent);
        if y.square() == square {
            // The group's order is prime and its cofactor one: every point of the curve is in it.
            return G1Affine::new_unchecked(x, y);
        }
        x += Fq::one();
    }
}

fn parse_digest(bytes: &[u8]) -> Result<[u8; DIGEST_BYTES]> {
    bytes.try_into().map_err(|_| Bn254Error::Length { what: "digest", expected: DIGEST_BYTES, found: bytes.len() })
}

fn parse_secret(bytes: &[u8]) -> Result<Fr> {
    if bytes.len() != SECRET_BYTES {
        return Err(Bn254Error::Length { what: "secret", expected: SECRET_BYTES, found: bytes.len() });
    }
    let secret = Fr::from_be_bytes_mod_order(bytes);
    if secret.is_zero() || scalar_bytes(secret) != bytes { Err(Bn254Error::Secret) } else { Ok(secret) }
}

fn parse_g1(what: &'static str, bytes: &[u8]) -> Result<G1Affine> {
    if bytes.len() != G1_BYTES {
        return Err(Bn254Error::Length { what, expected: G1_BYTES, found: bytes.len() });
    }
    let (x, y) = (coordinate(what, &bytes[..32])?, coordinate(what, &bytes[32..])?);
    if x.is_zero() && y.is_zero() {
        return Err(Bn254Error::Infinity { what });
    }
    let point = G1Affine::new_unchecked(x, y);
    if point.is_on_curve() { Ok(point) } else { Err(Bn254Error::NotOnCurve { what }) }
}

fn parse_g2(what: &'static str, bytes: &[u8]) -> Result<G2Affine> {
    if bytes.len() != G2_BYTES {
        return Err(Bn254Error::Length { what, expected: G2_BYTES, found: bytes.len() });
    }
    let word = |index: usize| coordinate(what, &bytes[32 * index..32 * (index + 1)]);
    let (x, y) = (Fq2::new(word(1)?, word(0)?), Fq2::new(word(3)?, word(2)?));
    if x.is_zero() && y.is_zero() {
        return Err(Bn254Error::Infinity { what });
    }
    let point = G2Affine::new_unchecked(x, y);
    if !point.is_on_curve() {
        return Err(Bn254Error::NotOnCurve { what });
    }
    // The twist's order is not prime: points of small order would pair to one with anything.
    if point.is_in_correct_subgroup_assuming_on_curve() { Ok(point) } else { Err(Bn254Error::NotInSubgroup { what }) }
}

fn parse_many<T>(bytes: &[u8], size: usize, parse: impl Fn(&[u8]) -> Result<T>) -> Result<Vec<T>> {
    if !bytes.len().is_multiple_of(size) {
        let expected = bytes.len().next_multiple_of(size);
        return Err(Bn254Error::Length { what: "points", expected, found: bytes.len() });
    }
    bytes.chunks(size).map(parse).collect()
}

fn coordinate(what: &'static str, bytes: &[u8]) -> Result<Fq> {
    let value = Fq::from_be_bytes_mod_order(bytes);
    if field_bytes(value) == bytes { Ok(value) } else { Err(Bn254Error::NotCanonical { what }) }
}

fn g1_bytes(point: &G1Affine) -> [u8; G1_BYTES] {
    let mut bytes = [0; G1_BYTES];
    bytes[..32].copy_from_slice(&field_bytes(point.x));
    bytes[32..].copy_from_slice(&field_bytes(point.y));
    bytes
}

fn g2_bytes(point: &G2Affine) -> [u8; G2_BYTES] {
    let mut bytes = [0; G2_BYTES];
    for (index, value) in [point.x.c1, point.x.c0, point.y.c1, point.y.c0].into_iter().enumerate() {
        bytes[32 * index..32 * (index + 1)].copy_from_slice(&field_bytes(value));
    }
    bytes
}

fn field_bytes(value: Fq) -> [u8; 32] {
    to_32_bytes(&value.into_bigint())
}

fn scalar_bytes(value: Fr) -> [u8; SECRET_BYTES] {
    to_32_bytes(&value.into_bigint())
}

fn to_32_bytes(value: &impl BigInteger) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (word, limb) in bytes.rchunks_mut(8).zip(value.as_ref()) {
        word.copy_from_slice(&limb.to_be_bytes());
    }
    bytes
}

#[cfg(test)]
#[path = "bn254_tests.rs"]
mod tests;
