//! Random blocks: the L1 attributes stand-in, deposits, signed transactions of every type, and some that must be refused.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxLegacy};
use alloy_eips::{
    eip2718::Encodable2718,
    eip2930::{AccessList, AccessListItem},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, keccak256};
use op_alloy_consensus::{OpTxEnvelope, TxDeposit};
use secp256k1::{Message, SECP256K1, SecretKey};

use super::{
    chain::{CONTRACTS, L1_BLOCK, contract_address, scalars},
    program::{contract, initcode},
    random::Random,
};

const DEPOSITOR: Address = address!("deaddeaddeaddeaddeaddeaddeaddeaddead0001");

pub struct Generator {
    pub random: Random,
    chain_id: u64,
    keys: Vec<SecretKey>,
    nonces: Vec<u64>,
}

impl Generator {
    pub fn new(seed: u64, chain_id: u64) -> Self {
        let keys = (1..=6u8).map(|key| SecretKey::from_byte_array([key; 32]).unwrap()).collect();
        Self { random: Random::new(seed), chain_id, keys, nonces: vec![0; 6] }
    }

    pub fn senders(&self) -> Vec<Address> {
        self.keys.iter().map(address_of).collect()
    }

    /// Whom programs talk to.
    pub fn world(&self) -> Vec<Address> {
        let mut world: Vec<_> = (0..CONTRACTS).map(contract_address).collect();
        world.extend(self.senders());
        world.extend([Address::with_last_byte(0x99), Address::ZERO, L1_BLOCK]);
        world
    }

    /// Raw transactions of one block, on a state with these nonces (in the order of [`Self::senders`]).
    pub fn block(&mut self, base_fee: u64, nonces: Vec<u64>) -> Vec<Bytes> {
        self.nonces = nonces;
        let mut block = vec![self.attributes()];
        for _ in 0..self.random.below(4) {
            block.push(self.deposit());
        }
        for _ in 0..self.random.below(14) + 2 {
            block.push(self.signed(base_fee));
        }
        block
    }

    /// Changes the L1 fees, as the L1 attributes deposit does.
    fn attributes(&mut self) -> Bytes {
        let mut input = Vec::new();
        input.extend_from_slice(&U256::from(self.random.below(50_000_000_000)).to_be_bytes::<32>());
        let scalars = scalars(self.random.below(5000) as u32, self.random.below(1_000_000) as u32);
        input.extend_from_slice(&scalars.to_be_bytes::<32>());
        input.extend_from_slice(&U256::from(self.random.below(10_000_000_000)).to_be_bytes::<32>());
        raw_deposit(TxDeposit {
            source_hash: self.source(),
            from: DEPOSITOR,
            to: TxKind::Call(L1_BLOCK),
            gas_limit: 1_000_000,
            input: input.into(),
            ..Default::default()
        })
    }

    fn source(&mut self) -> B256 {
        // A zero source hash would make revm take the deposit for another transaction.
        B256::from(self.random.word() | U256::ONE)
    }

    fn deposit(&mut self) -> Bytes {
        let sender = self.random.below(8) as usize;
        let from = match self.senders().get(sender) {
            Some(address) => {
                self.nonces[sender] += 1;
                *address
            }
            None => Address::with_last_byte(0x70 + sender as u8),
        };
        let creates = self.random.chance(5);
        let world = self.world();
        let to = if creates { TxKind::Create } else { TxKind::Call(*self.random.pick(&world)) };
        let input = if creates { initcode(&mut self.random).into() } else { self.input() };
        let mint = if self.random.chance(2) { self.random.below(1_000_000) } else { 0 };
        raw_deposit(TxDeposit {
            source_hash: self.source(),
            from,
            to,
            mint: mint.into(),
            // Often more than was minted: then the call fails, and the mint stays.
            value: U256::from(if self.random.chance(2) { self.random.below(1_500_000) } else { 0 }),
            // Sometimes not even the intrinsic gas.
            gas_limit: if self.random.chance(8) { 20_000 } else { 60_000 + self.random.below(1_000_000) },
            is_system_transaction: self.random.chance(20),
            input,
        })
    }

    fn input(&mut self) -> Bytes {
        let length = *self.random.pick(&[0, 4, 32, 68, 200]);
        (0..length).map(|_| if self.random.chance(3) { 0 } else { self.random.byte() }).collect::<Vec<_>>().into()
    }

    fn signed(&mut self, base_fee: u64) -> Bytes {
        let sender = self.random.below(6) as usize;
        let creates = self.random.chance(6);
        let world = self.world();
        let to = if creates { TxKind::Create } else { TxKind::Call(*self.random.pick(&world)) };
        let input: Bytes = match creates {
            true if self.random.chance(2) => contract(&mut self.random, &world).into(),
            true => initcode(&mut self.random).into(),
            false => self.input(),
        };
        let value = U256::from(if self.random.chance(3) { self.random.below(100_000) } else { 0 });
        let mut gas_limit = 60_000 + self.random.below(1_500_000);
        let mut nonce = self.nonces[sender];
        let base_fee = u128::from(base_fee);
        let mut tip = u128::from(self.random.below(1_000_000));
        let mut fee_cap = base_fee + u128::from(self.random.below(2_000_000));
        let mut chain_id = self.chain_id;
        match self.random.below(24) {
            0 => gas_limit = 21_000 - 1,
            1 => nonce += 3,
            2 if nonce > 0 => nonce -= 1,
            3 => fee_cap = base_fee - 1,
            4 => tip = fee_cap + 1,
            5 => chain_id += 1,
            6 => gas_limit = 40_000_000,
            _ => self.nonces[sender] += 1,
        }
        let access_list = AccessList(vec![AccessListItem {
            address: *self.random.pick(&world),
            storage_keys: vec![B256::with_last_byte(self.random.below(6) as u8)],
        }]);
        let key = self.keys[sender];
        match self.random.below(3) {
            0 => {
                let chain_id = (!self.random.chance(3) || chain_id != self.chain_id).then_some(chain_id);
                let tx = TxLegacy { chain_id, nonce, gas_price: fee_cap, gas_limit, to, value, input };
                sign(tx, &key, OpTxEnvelope::Legacy)
            }
            1 => {
                let tx = TxEip2930 { chain_id, nonce, gas_price: fee_cap, gas_limit, to, value, access_list, input };
                sign(tx, &key, OpTxEnvelope::Eip2930)
            }
            _ => {
                let tip = if tip > fee_cap && tip != fee_cap + 1 { fee_cap } else { tip };
                let tx = TxEip1559 {
                    chain_id,
                    nonce,
                    max_fee_per_gas: fee_cap,
                    max_priority_fee_per_gas: tip,
                    gas_limit,
                    to,
                    value,
                    access_list,
                    input,
                };
                sign(tx, &key, OpTxEnvelope::Eip1559)
            }
        }
    }
}

pub fn raw_deposit(deposit: TxDeposit) -> Bytes {
    OpTxEnvelope::from(deposit).encoded_2718().into()
}

pub fn address_of(key: &SecretKey) -> Address {
    let public = key.public_key(SECP256K1).serialize_uncompressed();
    Address::from_slice(&keccak256(&public[1..])[12..])
}

pub fn sign<T: SignableTransaction<Signature>>(
    tx: T,
    key: &SecretKey,
    wrap: impl Fn(alloy_consensus::Signed<T>) -> OpTxEnvelope,
) -> Bytes {
    let message = Message::from_digest(tx.signature_hash().0);
    let (id, bytes) = SECP256K1.sign_ecdsa_recoverable(message, key).serialize_compact();
    let signature = Signature::from_bytes_and_parity(&bytes, i32::from(id) & 1 == 1);
    wrap(tx.into_signed(signature)).encoded_2718().into()
}
