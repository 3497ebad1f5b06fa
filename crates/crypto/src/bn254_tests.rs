use super::*;

const DIGEST: [u8; 32] = [7; 32];

fn secret(index: u8) -> [u8; 32] {
    derive_secret(&[index; 32], b"test").unwrap()
}

fn keys(index: u8) -> ([u8; G1_BYTES], [u8; G2_BYTES]) {
    public_keys(&secret(index)).unwrap()
}

fn signature(index: u8) -> [u8; G1_BYTES] {
    sign(&secret(index), &DIGEST).unwrap()
}

fn modulus() -> [u8; 32] {
    to_32_bytes(&Fq::MODULUS)
}

#[test]
fn a_signature_verifies_for_its_key_and_digest_only() {
    let ((key_g1, key_g2), share) = (keys(1), signature(1));
    assert!(verify(&key_g2, &DIGEST, &share).unwrap());
    assert!(verify_with_both_keys(&key_g1, &key_g2, &DIGEST, &share).unwrap());
    assert!(!verify(&keys(2).1, &DIGEST, &share).unwrap());
    assert!(!verify(&key_g2, &[8; 32], &share).unwrap());
    assert!(!verify_with_both_keys(&key_g1, &key_g2, &[8; 32], &share).unwrap());
    // Keys of two secrets do not pass for one operator's, though the signature is that of the G2 key.
    assert!(!verify_with_both_keys(&keys(2).0, &key_g2, &DIGEST, &share).unwrap());
}

#[test]
fn aggregates_verify_under_the_sum_of_keys() {
    let everyone = [1u8, 2, 3, 4, 5];
    let share = sum_g1(&everyone.map(signature).concat()).unwrap().unwrap();
    let key_g1 = sum_g1(&everyone.map(|index| keys(index).0).concat()).unwrap().unwrap();
    let key_g2 = sum_g2(&everyone.map(|index| keys(index).1).concat()).unwrap().unwrap();
    assert!(verify_with_both_keys(&key_g1, &key_g2, &DIGEST, &share).unwrap());
    let fewer = sum_g1(&everyone[1..].iter().map(|index| signature(*index)).collect::<Vec<_>>().concat());
    assert!(!verify_with_both_keys(&key_g1, &key_g2, &DIGEST, &fewer.unwrap().unwrap()).unwrap());
}

#[test]
fn bisection_finds_exactly_the_wrong_shares() {
    let everyone: Vec<u8> = (1..=9).collect();
    let set = KeySet::parse(&everyone.iter().flat_map(|index| keys(*index).1).collect::<Vec<_>>()).unwrap();
    let positions: Vec<u32> = (0..9).collect();
    let mut shares = everyone.iter().map(|index| signature(*index)).collect::<Vec<_>>();
    assert_eq!(set.invalid_signatures(&positions, &DIGEST, &shares.concat()).unwrap(), Vec::<u32>::new());
    shares[2] = sign(&secret(3), &[8; 32]).unwrap();
    shares[7] = signature(1);
    shares[8] = [0xff; G1_BYTES];
    assert_eq!(set.invalid_signatures(&positions, &DIGEST, &shares.concat()).unwrap(), [2, 7, 8]);
    // Some of them, in any order.
    let some = [shares[7], shares[0], shares[2]].concat();
    assert_eq!(set.invalid_signatures(&[7, 0, 2], &DIGEST, &some).unwrap(), [2, 7]);
    assert!(matches!(set.invalid_signatures(&positions, &DIGEST, &some), Err(Bn254Error::Length { .. })));
    assert_eq!(set.invalid_signatures(&[9], &DIGEST, &shares[0]), Err(Bn254Error::Position { position: 9, keys: 9 }));
    assert_eq!(set.invalid_signatures(&[], &DIGEST, &[]).unwrap(), Vec::<u32>::new());
}

#[test]
fn a_key_set_sums_what_verifies() {
    let set = KeySet::parse(&[keys(1).1, keys(2).1, keys(3).1].concat()).unwrap();
    let key_g2 = set.sum(&[0, 2]).unwrap().unwrap();
    assert_eq!(key_g2, sum_g2(&[keys(1).1, keys(3).1].concat()).unwrap().unwrap());
    let share = sum_g1(&[signature(1), signature(3)].concat()).unwrap().unwrap();
    assert!(verify(&key_g2, &DIGEST, &share).unwrap());
    assert_eq!(set.sum(&[]).unwrap(), None);
    assert!(matches!(set.sum(&[3]), Err(Bn254Error::Position { .. })));
    assert_eq!(KeySet::parse(&[0; G2_BYTES]).unwrap_err().code(), "BN254_INFINITY");
}

/// The attacker claims P = A - B for a victim's key B, so that A signs for both. It has no secret for P, hence no proof
/// of possession; without that proof the forged aggregate verifies, which is why tables take registered keys only.
#[test]
fn a_rogue_key_forges_aggregates_and_has_no_proof_of_possession() {
    let attacker = parse_secret(&secret(9)).unwrap();
    let (victim_g1, victim_g2) = keys(1);
    let own_g1 = G1Projective::generator() * attacker;
    let own_g2 = G2Projective::generator() * attacker;
    let rogue_g1 = g1_bytes(&(own_g1 - parse_g1("", &victim_g1).unwrap()).into_affine());
    let rogue_g2 = g2_bytes(&(own_g2 - parse_g2("", &victim_g2).unwrap()).into_affine());
    let both_g1 = sum_g1(&[victim_g1, rogue_g1].concat()).unwrap().unwrap();
    let both_g2 = sum_g2(&[victim_g2, rogue_g2].concat()).unwrap().unwrap();
    assert!(verify_with_both_keys(&both_g1, &both_g2, &DIGEST, &signature(9)).unwrap());
    for possession in [signature(9), signature(1)] {
        assert!(!verify_with_both_keys(&rogue_g1, &rogue_g2, &DIGEST, &possession).unwrap());
    }
}

#[test]
fn infinity_is_no_key_and_no_signature() {
    let (key_g1, key_g2) = keys(1);
    let (none_g1, none_g2) = ([0; G1_BYTES], [0; G2_BYTES]);
    assert_eq!(verify(&none_g2, &DIGEST, &signature(1)), Err(Bn254Error::Infinity { what: "key" }));
    assert_eq!(verify(&key_g2, &DIGEST, &none_g1), Err(Bn254Error::Infinity { what: "signature" }));
    // Infinity as key and as signature satisfies the bare equation for every digest.
    assert!(verify_with_both_keys(&none_g1, &none_g2, &DIGEST, &none_g1).is_err());
    let opposite = g1_bytes(&-parse_g1("", &key_g1).unwrap());
    assert_eq!(sum_g1(&[key_g1, opposite].concat()).unwrap(), None);
    assert_eq!(sum_g2(&[]).unwrap(), None);
}

#[test]
fn points_off_the_curve_are_refused() {
    let (key_g1, mut key_g2) = keys(1);
    let mut share = signature(1);
    share[63] ^= 1;
    assert_eq!(verify(&key_g2, &DIGEST, &share), Err(Bn254Error::NotOnCurve { what: "signature" }));
    key_g2[127] ^= 1;
    assert_eq!(verify(&key_g2, &DIGEST, &signature(1)), Err(Bn254Error::NotOnCurve { what: "key" }));
    let mut zero_x = key_g1;
    zero_x[..32].fill(0);
    assert_eq!(sum_g1(&zero_x), Err(Bn254Error::NotOnCurve { what: "point" }));
}

#[test]
fn points_of_the_twist_outside_the_subgroup_are_refused() {
    // Points of the twist by their x: nearly none of them has the prime order.
    let mut found = 0;
    for x in 1..20u64 {
        let Some(point) = G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(x), Fq::ONE), false) else { continue };
        let bytes = g2_bytes(&point);
        assert_eq!(verify(&bytes, &DIGEST, &signature(1)), Err(Bn254Error::NotInSubgroup { what: "key" }));
        // Times the subgroup's order: a point of small order, which pairs to one with anything.
        let small = point.mul_bigint(Fr::MODULUS).into_affine();
        assert!(!small.is_zero());
        assert_eq!(sum_g2(&g2_bytes(&small)), Err(Bn254Error::NotInSubgroup { what: "point" }));
        found += 1;
    }
    assert!(found > 3);
}

#[test]
fn coordinates_have_one_encoding() {
    let (key_g1, _) = keys(1);
    let x = Fq::from_be_bytes_mod_order(&key_g1[..32]).into_bigint();
    let mut above = x;
    assert!(!above.add_with_carry(&Fq::MODULUS));
    let bytes = [to_32_bytes(&above).as_slice(), &key_g1[32..]].concat();
    assert_eq!(sum_g1(&bytes), Err(Bn254Error::NotCanonical { what: "point" }));
    assert_eq!(sum_g1(&[modulus(), modulus()].concat()), Err(Bn254Error::NotCanonical { what: "point" }));
}

#[test]
fn secrets_are_scalars_of_the_group() {
    assert_eq!(sign(&[0; 32], &DIGEST), Err(Bn254Error::Secret));
    assert_eq!(public_keys(&to_32_bytes(&Fr::MODULUS)), Err(Bn254Error::Secret));
    assert!(matches!(sign(&[1; 31], &DIGEST), Err(Bn254Error::Length { what: "secret", .. })));
    assert!(matches!(sign(&secret(1), &[1; 31]), Err(Bn254Error::Length { what: "digest", .. })));
    assert!(matches!(derive_secret(&[1; 31], b""), Err(Bn254Error::Length { what: "seed", .. })));
    // One key per set, and a boundary between seed and info.
    assert_ne!(derive_secret(&[1; 32], b"a").unwrap(), derive_secret(&[1; 32], b"b").unwrap());
    assert_ne!(derive_secret(&[1; 33], b"").unwrap(), derive_secret(&[1; 32], &[1]).unwrap());
}

#[test]
fn hashing_lands_on_the_curve_with_the_smallest_x() {
    let exponent_root = |bytes: &[u8; 32]| parse_g1("hash", &hash_to_curve(bytes).unwrap()).unwrap();
    for byte in 0..=255u8 {
        let digest = [byte; 32];
        let point = exponent_root(&digest);
        let mut x = Fq::from_be_bytes_mod_order(&digest);
        while G1Affine::get_point_from_x_unchecked(x, false).is_none() {
            x += Fq::one();
        }
        assert_eq!(point.x, x);
    }
}

#[test]
fn frozen_vectors() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../test/vectors/mach/bn254.json")).unwrap();
    let bytes = |value: &serde_json::Value| alloy_primitives::hex::decode(value.as_str().unwrap()).unwrap();
    let shares = vectors["signatures"].as_array().unwrap();
    assert!(shares.len() >= 4);
    for vector in shares {
        let (secret, digest) = (bytes(&vector["secret"]), bytes(&vector["digest"]));
        assert_eq!(derive_secret(&bytes(&vector["seed"]), &bytes(&vector["info"])).unwrap().to_vec(), secret);
        let (key_g1, key_g2) = public_keys(&secret).unwrap();
        assert_eq!(key_g1.to_vec(), bytes(&vector["keyG1"]));
        assert_eq!(key_g2.to_vec(), bytes(&vector["keyG2"]));
        assert_eq!(hash_to_curve(&digest).unwrap().to_vec(), bytes(&vector["hash"]));
        assert_eq!(sign(&secret, &digest).unwrap().to_vec(), bytes(&vector["signature"]));
        assert!(verify_with_both_keys(&key_g1, &key_g2, &digest, &bytes(&vector["signature"])).unwrap());
    }
    for vector in vectors["invalid"].as_array().unwrap() {
        let result = verify(&bytes(&vector["keyG2"]), &bytes(&vector["digest"]), &bytes(&vector["signature"]));
        assert_eq!(result.unwrap_err().code(), vector["error"].as_str().unwrap(), "{}", vector["what"]);
    }
}
