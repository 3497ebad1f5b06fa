//! Random EVM programs that do something: storage, calls, creations, destruction, logs, hashing, precompiles.

use alloy_primitives::Address;

use super::random::Random;

/// Writes code.
#[derive(Default)]
pub struct Program(pub Vec<u8>);

impl Program {
    pub fn op(&mut self, op: u8) -> &mut Self {
        self.0.push(op);
        self
    }

    pub fn push(&mut self, value: u64) -> &mut Self {
        let bytes = value.to_be_bytes();
        let skip = (value.leading_zeros() as usize / 8).min(7);
        self.0.push(0x60 + (7 - skip) as u8);
        self.0.extend_from_slice(&bytes[skip..]);
        self
    }

    pub fn push_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.push(0x60 + bytes.len() as u8 - 1);
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn address(&mut self, address: Address) -> &mut Self {
        self.push_bytes(address.as_slice())
    }

    /// Stores the top of the stack.
    pub fn store(&mut self, slot: u64) -> &mut Self {
        self.push(slot).op(0x55)
    }
}

/// Initcode of at most 32 bytes.
pub fn initcode(random: &mut Random) -> Vec<u8> {
    let mut code = Program::default();
    match random.below(8) {
        // Writes storage, deploys nothing.
        0 => code.push(random.below(200)).store(random.below(4)).push(0).push(0).op(0xf3),
        // Destroys itself in the same transaction.
        1 => code.push(1).store(0).op(0x33).op(0xff),
        2 => code.push(0).push(0).op(0xfd),
        // Deploys code that starts with 0xEF: refused since London.
        3 => code.push(0xef).push(0).op(0x53).push(1).push(0).op(0xf3),
        4 => code.op(0xfe),
        // Deploys a contract that destroys itself when called.
        5 => code.push_bytes(&[0x33, 0xff]).push(0).op(0x52).push(2).push(30).op(0xf3),
        // Deploys one that counts in slot 0.
        _ => code
            .push(7)
            .store(1)
            .push_bytes(&[0x5f, 0x54, 0x60, 0x01, 0x01, 0x5f, 0x55])
            .push(0)
            .op(0x52)
            .push(7)
            .push(25)
            .op(0xf3),
    };
    code.0
}

/// A program over a world of addresses.
pub fn contract(random: &mut Random, world: &[Address]) -> Vec<u8> {
    let mut code = Program::default();
    for _ in 0..random.below(10) + 1 {
        snippet(random, world, &mut code);
    }
    match random.below(8) {
        0 => code.push(0).push(0).op(0xfd),
        1 => code.address(*random.pick(world)).op(0xff),
        2 => code.op(0xfe),
        3 => code.push(64).push(0).op(0xf3),
        _ => code.op(0x00),
    };
    code.0
}

fn snippet(random: &mut Random, world: &[Address], code: &mut Program) {
    let slot = random.below(6);
    match random.below(19) {
        0 => code.push(random.below(3)).store(slot),
        1 => code.push(slot).op(0x54).push(1).op(0x01).store(slot),
        2 => code.push(slot).op(0x54).push(random.below(6)).op(0x55),
        3 => code.push(0).op(0x35).store(slot),
        // Transient storage, then into storage.
        4 => code.push(random.next()).push(slot).op(0x5d).push(slot).op(0x5c).store(slot),
        5 => {
            let topics = random.below(5);
            for _ in 0..topics {
                code.push(random.next());
            }
            code.push(random.below(70)).push(0).op(0xa0 + topics as u8)
        }
        6..=8 => call(random, world, code),
        9 | 10 => create(random, code, slot),
        11 => code.push(random.below(100)).push(0).op(0x20).store(slot),
        12 => {
            let op = *random.pick(&[0x31, 0x3b, 0x3f]);
            code.address(*random.pick(world)).op(op).store(slot)
        }
        // A precompile (or nothing) over whatever is in memory.
        13 => {
            let target = *random.pick(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x100, 0x0b]);
            code.push(64).push(0).push(random.below(260)).push(0).push(target).push(60_000).op(0xfa).store(slot)
        }
        14 => {
            let op =
                *random.pick(&[0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x3a, 0x32, 0x33, 0x34, 0x5a]);
            code.op(op).store(slot)
        }
        15 => code.push(random.below(5)).op(0x43).op(0x03).op(0x40).store(slot),
        16 => code.push(random.below(64)).push(random.below(64)).push(random.below(64)).op(0x5e),
        17 => code.op(0x3d).push(0).push(0).op(0x3e).push(0).op(0x51).store(slot),
        _ => {
            if random.chance(6) {
                for _ in 0..random.below(6) {
                    code.op(random.byte());
                }
            }
            code.push(random.next()).push(random.below(96)).op(0x52)
        }
    };
}

fn call<'a>(random: &mut Random, world: &[Address], code: &'a mut Program) -> &'a mut Program {
    let op = *random.pick(&[0xf1, 0xf1, 0xf1, 0xf2, 0xf4, 0xfa]);
    code.push(32).push(0).push(random.below(64)).push(0);
    if matches!(op, 0xf1 | 0xf2) {
        code.push(if random.chance(3) { random.below(1000) } else { 0 });
    }
    code.address(*random.pick(world));
    if random.chance(2) {
        code.op(0x5a);
    } else {
        code.push(random.below(120_000));
    }
    code.op(op);
    if random.chance(2) { code.op(0x50) } else { code.store(random.below(6)) }
}

/// Creates a contract, remembers its address, calls it.
fn create<'a>(random: &mut Random, code: &'a mut Program, slot: u64) -> &'a mut Program {
    let mut init = initcode(random);
    let length = init.len() as u64;
    init.resize(32, 0);
    code.push_bytes(&init).push(0).op(0x52);
    if random.chance(2) {
        code.push(random.below(3)).push(length).push(0).push(random.below(2)).op(0xf5);
    } else {
        code.push(length).push(0).push(random.below(2)).op(0xf0);
    }
    code.op(0x80).store(slot);
    // CALL(gas, top, 0, 0, 0, 0, 0): the address is under the five zeros.
    code.push(0).push(0).push(0).push(0).push(0).op(0x85).op(0x5a).op(0xf1).op(0x50).op(0x50)
}
